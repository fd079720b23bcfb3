// The sun and four planets under gravity, for as many steps as standard input says; prints the energy before and after.
#include <math.h>
#include <stdio.h>

#define YEAR 365.24
#define SUN (4 * M_PI * M_PI)
#define BODIES 5

typedef struct {
    double x[3], v[3], mass;
} Body;

static Body bodies[BODIES] = {
    {{0, 0, 0}, {0, 0, 0}, SUN},
    {{4.84143144246472090, -1.16032004402742839, -1.03622044471123109e-01},
     {1.66007664274403694e-03 * YEAR, 7.69901118419740425e-03 * YEAR, -6.90460016972063023e-05 * YEAR},
     9.54791938424326609e-04 * SUN},
    {{8.34336671824457987, 4.12479856412430479, -4.03523417114321381e-01},
     {-2.76742510726411021e-03 * YEAR, 4.99852801234917238e-03 * YEAR, 2.30417297573763929e-05 * YEAR},
     2.85885980666130812e-04 * SUN},
    {{12.8943695621391310, -15.1111514016986312, -2.23307578892655734e-01},
     {2.96460137564761618e-03 * YEAR, 2.37847173959480950e-03 * YEAR, -2.96589568540237556e-05 * YEAR},
     4.36624404335156298e-05 * SUN},
    {{15.3796971148509165, -25.9193146099879641, 1.79258772950371181e-01},
     {2.68067772490389322e-03 * YEAR, 1.62824170038242295e-03 * YEAR, -9.51592254519715870e-05 * YEAR},
     5.15138902046611451e-05 * SUN},
};

static void rest_momentum(void) {
    for (int i = 1; i < BODIES; i++)
        for (int k = 0; k < 3; k++) bodies[0].v[k] -= bodies[i].v[k] * bodies[i].mass / SUN;
}

static double energy(void) {
    double sum = 0;
    for (int i = 0; i < BODIES; i++) {
        Body *b = &bodies[i];
        sum += 0.5 * b->mass * (b->v[0] * b->v[0] + b->v[1] * b->v[1] + b->v[2] * b->v[2]);
        for (int j = i + 1; j < BODIES; j++) {
            double square = 0;
            for (int k = 0; k < 3; k++) square += (b->x[k] - bodies[j].x[k]) * (b->x[k] - bodies[j].x[k]);
            sum -= b->mass * bodies[j].mass / sqrt(square);
        }
    }
    return sum;
}

static void advance(double time) {
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++) {
            double d[3], square = 0;
            for (int k = 0; k < 3; k++) {
                d[k] = bodies[i].x[k] - bodies[j].x[k];
                square += d[k] * d[k];
            }
            double pull = time / (square * sqrt(square));
            for (int k = 0; k < 3; k++) {
                bodies[i].v[k] -= d[k] * bodies[j].mass * pull;
                bodies[j].v[k] += d[k] * bodies[i].mass * pull;
            }
        }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++) bodies[i].x[k] += time * bodies[i].v[k];
}

int main(void) {
    int steps;
    if (scanf("%d", &steps) != 1) return 2;
    rest_momentum();
    printf("%.9f\n", energy());
    while (steps-- > 0) advance(0.01);
    printf("%.9f\n", energy());
    return 0;
}
