// Shapes behind a common class, by calls that only the object decides; the sizes come from standard input.
#include <cstdio>
#include <memory>
#include <vector>

class Shape {
public:
    virtual ~Shape() = default;
    virtual long area() const = 0;
    virtual const char *name() const { return "shape"; }
    virtual void grow(long by) = 0;
};

class Rectangle : public Shape {
public:
    Rectangle(long width, long height) : width(width), height(height) {}
    long area() const override { return width * height; }
    const char *name() const override { return "rectangle"; }
    void grow(long by) override { width += by, height += by; }

protected:
    long width, height;
};

class Square final : public Rectangle {
public:
    explicit Square(long side) : Rectangle(side, side) {}
    const char *name() const override { return "square"; }
};

class Steps final : public Shape {
public:
    explicit Steps(long count) : count(count) {}
    long area() const override { return count * (count + 1) / 2; }
    void grow(long by) override { count += by; }

private:
    long count;
};

int main() {
    std::vector<std::unique_ptr<Shape>> shapes;
    char kind;
    long size;
    while (std::scanf(" %c %ld", &kind, &size) == 2) {
        if (kind == 'r') shapes.push_back(std::make_unique<Rectangle>(size, size + 2));
        else if (kind == 's') shapes.push_back(std::make_unique<Square>(size));
        else shapes.push_back(std::make_unique<Steps>(size));
    }
    long sum = 0;
    for (int round = 0; round < 3; round++)
        for (auto &shape : shapes) {
            shape->grow(round);
            sum += shape->area();
        }
    for (const auto &shape : shapes) std::printf("%s %ld\n", shape->name(), shape->area());
    std::printf("sum %ld\n", sum);
    return 0;
}
