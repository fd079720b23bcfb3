// A Huffman code for the bytes of standard input: prints the code of each byte and how long the text becomes.
#include <stdio.h>
#include <stdlib.h>

typedef struct Node {
    int count, byte;
    struct Node *left, *right;
} Node;

static int later(const void *a, const void *b) {
    const Node *x = *(Node *const *)a, *y = *(Node *const *)b;
    return x->count != y->count ? (y->count > x->count) - (y->count < x->count) : y->byte - x->byte;
}

static Node *node(int count, int byte, Node *left, Node *right) {
    Node *made = malloc(sizeof *made);
    if (made == NULL) exit(2);
    *made = (Node){count, byte, left, right};
    return made;
}

static long total;

static void show(const Node *tree, char *code, int length) {
    if (tree->left != NULL) {
        code[length] = '0';
        show(tree->left, code, length + 1);
        code[length] = '1';
        show(tree->right, code, length + 1);
        return;
    }
    total += (long)tree->count * length;
    printf("%02x %4d %.*s\n", tree->byte, tree->count, length, code);
}

int main(void) {
    static int counts[256];
    Node *heap[256];
    char code[256];
    int size = 0, letters = 0;
    for (int c; (c = getchar()) != EOF; letters++) counts[c]++;
    for (int c = 0; c < 256; c++)
        if (counts[c] > 0) heap[size++] = node(counts[c], c, NULL, NULL);
    if (size == 0) return 1;
    for (; size > 1; size--) {
        qsort(heap, (size_t)size, sizeof *heap, later);
        Node *low = heap[size - 1], *high = heap[size - 2];
        heap[size - 2] = node(low->count + high->count, low->byte < high->byte ? low->byte : high->byte, low, high);
    }
    show(heap[0], code, 0);
    printf("%d bytes, %ld bits\n", letters, total);
    return 0;
}
