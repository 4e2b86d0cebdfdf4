/*
 * The golden answers through the C library. Argument: a file of cases that the test wrote from the golden files, each a kind and what belongs to it;
 * answers and tolerances are the files'. Prints the number of cases.
 */
#include "check.h"

enum { END = 0, LOSS = 1, FLIPS = 2, PAIRWISE = 3, COVARIANCE = 4, SEARCH = 5, LINEAR = 6 };

static gk_device *device;

static void loss(FILE *file)
{
    gk_loss_options *options = take(file, 1, sizeof *options);
    gk_loss_result result;
    int64_t rows = take_size(file), classes = take_size(file);
    size_t n = (size_t)rows, all = n * (size_t)classes;
    float *znew = take(file, all, sizeof *znew), *zold = take(file, all, sizeof *zold), *gradient = allocate(all, sizeof *gradient);
    int32_t *labels = take(file, n, sizeof *labels);
    double rtol = take_number(file), atol = take_number(file);
    double base = take_number(file), distance = take_number(file), weighted = take_number(file); /* NaN: not among the answers */
    int64_t gradient_rows = take_size(file);
    size_t compared = (size_t)(gradient_rows * classes);
    double *right = take(file, compared, sizeof *right), gradient_tolerance = take_number(file), size = 0, norm = 0, error = 0;
    OK(gk_row_loss(device, options, rows, classes, znew, classes, zold, classes, NULL, 0, labels, gradient, NULL, NULL, NULL, &result));
    CHECK(isnan(base) || near(result.base, base, atol + rtol * fabs(base)));
    CHECK(isnan(distance) || near(result.distance, distance, atol + rtol * fabs(distance)));
    CHECK(isnan(weighted) || near(result.weighted_distance, weighted, atol + rtol * fabs(weighted)));
    for (size_t i = 0; i < compared; i++) {
        size = fmax(size, fabs(right[i]));
        norm += right[i] * right[i], error += (gradient[i] - right[i]) * (gradient[i] - right[i]);
    }
    /* A gradient that is zero up to rounding in double precision has no relative norm. */
    if (size > 1e-12) CHECK(sqrt(error) <= gradient_tolerance * sqrt(norm));
    free(options), free(znew), free(zold), free(gradient), free(labels), free(right);
}

static void flips(FILE *file)
{
    int64_t rows = take_size(file), classes = take_size(file);
    size_t n = (size_t)rows, all = n * (size_t)classes;
    float *zold = take(file, all, sizeof *zold), *znew = take(file, all, sizeof *znew);
    int32_t *labels = take(file, n, sizeof *labels), *pold = take(file, n, sizeof *pold), *pnew = take(file, n, sizeof *pnew);
    int64_t *right = take(file, 5, sizeof *right);
    gk_flip_counts of[2];
    OK(gk_flips_from_logits(device, rows, classes, zold, classes, znew, classes, labels, -100, &of[0], NULL));
    OK(gk_flips_from_predictions(device, rows, classes, pold, pnew, labels, -100, &of[1], NULL));
    for (int i = 0; i < 2; i++) {
        CHECK(of[i].both_right == right[0] && of[i].both_wrong == right[1] && of[i].positive_flips == right[2]);
        CHECK(of[i].negative_flips == right[3] && of[i].differ == right[4]);
    }
    free(zold), free(znew), free(labels), free(pold), free(pnew), free(right);
}

static void pairwise(FILE *file)
{
    int64_t models = take_size(file), rows = take_size(file);
    size_t pairs = (size_t)(models * models);
    int32_t *predictions = take(file, (size_t)(models * rows), sizeof *predictions), *labels = take(file, (size_t)rows, sizeof *labels);
    int64_t *right = take(file, pairs, sizeof *right), *right_differ = take(file, pairs, sizeof *right);
    int64_t *negative = allocate(pairs, sizeof *negative), *differ = allocate(pairs, sizeof *differ);
    OK(gk_pairwise_flips(device, models, rows, predictions, labels, -100, negative, differ));
    CHECK(memcmp(negative, right, pairs * sizeof *right) == 0 && memcmp(differ, right_differ, pairs * sizeof *right) == 0);
    free(predictions), free(labels), free(right), free(right_differ), free(negative), free(differ);
}

static void covariance(FILE *file)
{
    gk_convolution_shape *s = take(file, 1, sizeof *s);
    float *x = take(file, (size_t)(s->batch * s->height * s->width * s->in_channels), sizeof *x);
    size_t order = (size_t)(s->kernel_height * s->kernel_width * s->in_channels + 1);
    double scale = take_number(file), tolerance = take_number(file), norm = 0, error = 0;
    double *right = take(file, order * order, sizeof *right), *sum = allocate(order * order, sizeof *sum);
    OK(gk_patch_covariance(device, s, x, 1, sum));
    for (size_t i = 0; i < order * order; i++) {
        norm += right[i] * right[i], error += (scale * sum[i] - right[i]) * (scale * sum[i] - right[i]);
    }
    CHECK(sqrt(error) <= tolerance * sqrt(norm));
    /* And the damped covariance through Cholesky: A A^-1 = I. */
    double *a = allocate(order * order, sizeof *a);
    for (size_t i = 0; i < order; i++) {
        right[i * order + i] += 0.1;
        memcpy(a + i * order, right + i * order, order * sizeof *a);
    }
    OK(gk_potrf(device, (int64_t)order, a, (int64_t)order, NULL));
    OK(gk_potri(device, (int64_t)order, a, (int64_t)order));
    for (size_t i = 0; i < order; i++) {
        for (size_t j = 0; j < order; j++) {
            double product = 0;
            for (size_t k = 0; k < order; k++) product += right[i * order + k] * a[k * order + j];
            CHECK(near(product, i == j, 1e-10));
        }
    }
    free(s), free(x), free(right), free(sum), free(a);
}

static void search(FILE *file)
{
    int64_t queries = take_size(file), gallery = take_size(file), width = take_size(file), k = take_size(file);
    size_t found = (size_t)(queries * k);
    float *q = take(file, (size_t)(queries * width), sizeof *q), *g = take(file, (size_t)(gallery * width), sizeof *g);
    int32_t *right = take(file, found, sizeof *right), *indices = allocate(found, sizeof *indices);
    double *right_scores = take(file, found, sizeof *right_scores);
    float *scores = allocate(found, sizeof *scores);
    OK(gk_top_k(device, queries, gallery, width, k, q, g, NULL, NULL, indices, scores));
    CHECK(memcmp(indices, right, found * sizeof *right) == 0);
    for (size_t i = 0; i < found; i++) CHECK(near(scores[i], right_scores[i], 1e-6));
    free(q), free(g), free(right), free(indices), free(right_scores), free(scores);
}

static void linear(FILE *file)
{
    int64_t rows = take_size(file), features = take_size(file), classes = take_size(file);
    float *e = take(file, (size_t)(rows * features), sizeof *e), *w = take(file, (size_t)(classes * features), sizeof *w);
    float *b = take(file, (size_t)classes, sizeof *b), *values = allocate((size_t)rows, sizeof *values);
    int32_t *labels = take(file, (size_t)rows, sizeof *labels);
    double right = take_number(file), rtol = take_number(file), *each = take(file, (size_t)rows, sizeof *each);
    gk_linear_loss_result result;
    OK(gk_linear_cross_entropy(device, NULL, rows, features, classes, e, features, w, features, b, labels, NULL, NULL, NULL, values, &result));
    CHECK(near(result.loss, right, rtol * fabs(right)));
    for (int64_t i = 0; i < rows; i++) CHECK(near(values[i], each[i], rtol * (1 + fabs(each[i]))));
    free(e), free(w), free(b), free(values), free(labels), free(each);
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    FILE *file = fopen(arguments[1], "rb");
    CHECK(file != NULL);
    OK(gk_device_open(GK_ABI_VERSION, NULL, 2, &device));
    int cases = 0;
    for (int64_t kind; (kind = take_size(file)) != END; cases++) {
        switch (kind) {
        case LOSS: loss(file); break;
        case FLIPS: flips(file); break;
        case PAIRWISE: pairwise(file); break;
        case COVARIANCE: covariance(file); break;
        case SEARCH: search(file); break;
        case LINEAR: linear(file); break;
        default: CHECK(!"a kind of case that is known");
        }
    }
    CHECK(fclose(file) == 0);
    OK(gk_device_close(device));
    printf("%d\n", cases);
    return 0;
}
