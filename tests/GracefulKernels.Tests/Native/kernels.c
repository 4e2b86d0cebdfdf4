/*
 * Every kernel of the C library against plain loops in double precision. Arguments: the instruction set, or "best"; "far" for operands of more than
 * 2^31 elements too, which take addresses but no memory.
 */
#define _DEFAULT_SOURCE
#include <sys/mman.h>

#include "check.h"

static const double U = 5.9604644775390625e-8; /* 2^-24 */

static gk_device *device;

/* Of the bits of all results (FNV-1a): the same on every instruction set. */
static uint64_t bits = 14695981039346656037u;

static void mix(const void *values, size_t bytes)
{
    const unsigned char *at = values;
    for (size_t i = 0; i < bytes; i++) bits = (bits ^ at[i]) * 1099511628211u;
}

/* Rows lie ld apart; what lies between them must stay as it was. */
static void gemm(int64_t m, int64_t n, int64_t k, int ta, int tb, float beta)
{
    int64_t lda = (ta ? m : k) + 3, ldb = (tb ? k : n) + 1, ldc = n + 2;
    float *a = random_floats((size_t)((ta ? k : m) * lda), 1), *b = random_floats((size_t)((tb ? n : k) * ldb), 2);
    float *c = random_floats((size_t)(m * ldc), 3), *before = random_floats((size_t)(m * ldc), 3);
    OK(gk_gemm(device, ta, tb, m, n, k, 0.5f, a, lda, b, ldb, beta, c, ldc));
    mix(c, (size_t)(m * ldc) * sizeof *c);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < ldc; j++) {
            float was = before[i * ldc + j];
            double sum = 0, size = 0;
            if (j >= n) {
                CHECK(c[i * ldc + j] == was);
                continue;
            }
            for (int64_t p = 0; p < k; p++) {
                double term = (double)(ta ? a[p * lda + i] : a[i * lda + p]) * (tb ? b[j * ldb + p] : b[p * ldb + j]);
                sum += term, size += fabs(term);
            }
            /* A sum of k rounded terms in any order, scaled, and one more addition. */
            CHECK(near(c[i * ldc + j], 0.5 * sum + beta * was, (double)(k + 2) * U * (0.5 * size + fabs(beta * was)) + 1e-30));
        }
    }
    free(a), free(b), free(c), free(before);
}

/* Rows 2^30 elements apart: offsets beyond 32 bits. */
static void gemm_far_apart(void)
{
    const int64_t ld = INT64_C(1) << 30, m = 4, k = 3;
    size_t bytes = (size_t)(m * ld) * sizeof(float);
    float *a = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    float *c = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(a != MAP_FAILED && c != MAP_FAILED);
    for (int64_t i = 0; i < m; i++) for (int64_t p = 0; p < k; p++) a[i * ld + p] = (float)(i + 10 * p);
    OK(gk_gemm(device, 0, 1, m, m, k, 1.f, a, ld, a, ld, 0.f, c, ld));
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < m; j++) {
            float sum = 0;
            for (int64_t p = 0; p < k; p++) sum += (float)((i + 10 * p) * (j + 10 * p));
            CHECK(c[i * ld + j] == sum);
        }
        CHECK(c[i * ld + m] == 0);
    }
    CHECK(munmap(a, bytes) == 0 && munmap(c, bytes) == 0);
}

static void syrk(int64_t n, int64_t k, int transpose)
{
    int64_t lda = transpose ? n : k;
    float *a = random_floats((size_t)(n * k), 4), *c = random_floats((size_t)(n * n), 5), *before = random_floats((size_t)(n * n), 5);
    OK(gk_syrk(device, transpose, n, k, 2.f, a, lda, 0.f, c, n));
    mix(c, (size_t)(n * n) * sizeof *c);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = 0, size = 0;
            for (int64_t p = 0; p < k; p++) {
                double term = transpose ? (double)a[p * lda + i] * a[p * lda + j] : (double)a[i * lda + p] * a[j * lda + p];
                sum += term, size += fabs(term);
            }
            if (j > i) CHECK(c[i * n + j] == before[i * n + j]);
            else CHECK(near(c[i * n + j], 2 * sum, 2 * (double)(k + 2) * U * size));
        }
    }
    free(a), free(c), free(before);
}

static void cholesky(int64_t n)
{
    float *x = random_floats((size_t)(n * n), 6);
    double *a = allocate((size_t)(n * n), sizeof *a), *l = allocate((size_t)(n * n), sizeof *l), *b = allocate((size_t)(n * 2), sizeof *b);
    int64_t pivot = 7;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            for (int64_t p = 0; p < n; p++) a[i * n + j] += (double)x[i * n + p] * x[j * n + p];
        }
        a[i * n + i] += 1;
    }
    memcpy(l, a, (size_t)(n * n) * sizeof *l);
    OK(gk_potrf(device, n, l, n, &pivot));
    CHECK(pivot == -1);
    for (int64_t i = 0; i < n; i++) {
        b[i * 2] = 1, b[i * 2 + 1] = (double)i;
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0;
            for (int64_t p = 0; p <= j; p++) sum += l[i * n + p] * l[j * n + p];
            CHECK(near(sum, a[i * n + j], 1e-13 * (double)n * a[i * n + i]));
        }
    }
    OK(gk_potrs(device, n, l, n, 2, b, 2));
    mix(l, (size_t)(n * n) * sizeof *l), mix(b, (size_t)(n * 2) * sizeof *b);
    OK(gk_potri(device, n, l, n));
    mix(l, (size_t)(n * n) * sizeof *l);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t p = 0; p < n; p++) sum += a[i * n + p] * l[p * n + j];
            /* Condition numbers here are below 1e3. */
            CHECK(near(sum, i == j, 1e-11));
        }
        double one = 0, two = 0;
        for (int64_t p = 0; p < n; p++) one += a[i * n + p] * b[p * 2], two += a[i * n + p] * b[p * 2 + 1];
        CHECK(near(one, 1, 1e-11) && near(two, (double)i, 1e-10));
    }
    a[0] = -1;
    CHECK(gk_potrf(device, n, a, n, &pivot) == GK_NOT_POSITIVE_DEFINITE && pivot == 0);
    CHECK(strstr(gk_last_error(), "pivot 0") != NULL);
    free(x), free(a), free(l), free(b);
}

static void kronecker(int64_t m, int64_t n, int with_left)
{
    float *l = random_floats((size_t)(m * m), 8), *r = random_floats((size_t)(n * n), 9), *v = random_floats((size_t)(m * n), 10);
    float *y = allocate((size_t)(m * n), sizeof *y), *again = allocate((size_t)(m * n), sizeof *y), *work = allocate((size_t)(m * n), sizeof *y);
    for (int64_t i = 0; i < m; i++) for (int64_t j = 0; j < i; j++) l[i * m + j] = l[j * m + i];
    for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < i; j++) r[i * n + j] = r[j * n + i];
    OK(gk_kronecker_apply(device, m, n, with_left ? l : NULL, r, v, NULL, y));
    OK(gk_kronecker_apply(device, m, n, with_left ? l : NULL, r, v, work, again));
    CHECK(memcmp(y, again, (size_t)(m * n) * sizeof *y) == 0);
    mix(y, (size_t)(m * n) * sizeof *y);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = 0, size = 0;
            for (int64_t p = 0; p < m; p++) {
                double left = with_left ? l[i * m + p] : i == p;
                for (int64_t q = 0; q < n; q++) {
                    double term = left * v[p * n + q] * r[q * n + j];
                    sum += term, size += fabs(term);
                }
            }
            CHECK(near(y[i * n + j], sum, (double)(m + n + 4) * U * size + 1e-30));
        }
    }
    free(l), free(r), free(v), free(y), free(again), free(work);
}

/* y[position, o] += x at the tap * w, over every tap inside the image: the sum that all of the convolution's functions are cut from. */
typedef void tap(int64_t in, int64_t weight, int64_t out, void *state);

static void each_tap(const gk_convolution_shape *s, tap *visit, void *state)
{
    int64_t oh, ow;
    OK(gk_convolution_output(s, &oh, &ow));
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t y = 0; y < oh; y++)
            for (int64_t x = 0; x < ow; x++)
                for (int64_t ky = 0; ky < s->kernel_height; ky++)
                    for (int64_t kx = 0; kx < s->kernel_width; kx++) {
                        int64_t iy = y * s->stride_y - s->pad_top + ky * s->dilation_y, ix = x * s->stride_x - s->pad_left + kx * s->dilation_x;
                        if (iy < 0 || iy >= s->height || ix < 0 || ix >= s->width) continue;
                        for (int64_t c = 0; c < s->in_channels; c++)
                            for (int64_t o = 0; o < s->out_channels; o++)
                                visit(((b * s->height + iy) * s->width + ix) * s->in_channels + c,
                                      ((o * s->kernel_height + ky) * s->kernel_width + kx) * s->in_channels + c, ((b * oh + y) * ow + x) * s->out_channels + o,
                                      state);
                    }
}

typedef struct {
    const float *x, *w, *dx, *dw, *dy;
    double *y, *jvp, *gx, *gw;
} sums;

static void add_tap(int64_t in, int64_t weight, int64_t out, void *state)
{
    sums *s = state;
    s->y[out] += (double)s->x[in] * s->w[weight];
    s->jvp[out] += (double)s->dx[in] * s->w[weight] + (double)s->x[in] * s->dw[weight];
    s->gx[in] += (double)s->dy[out] * s->w[weight];
    s->gw[weight] += (double)s->dy[out] * s->x[in];
}

static void all_near(const float *actual, const double *expected, int64_t count, double tolerance)
{
    mix(actual, (size_t)count * sizeof *actual);
    for (int64_t i = 0; i < count; i++) CHECK(near(actual[i], expected[i], tolerance));
}

static void convolution(gk_convolution_shape s)
{
    int64_t oh, ow;
    OK(gk_convolution_output(&s, &oh, &ow));
    size_t in = (size_t)(s.batch * s.height * s.width * s.in_channels), out = (size_t)(s.batch * oh * ow * s.out_channels);
    size_t patch = (size_t)(s.kernel_height * s.kernel_width * s.in_channels), weights = (size_t)s.out_channels * patch;
    float *x = random_floats(in, 11), *w = random_floats(weights, 12), *dx = random_floats(in, 13), *dw = random_floats(weights, 14), *dy = random_floats(out, 15);
    float *bias = random_floats((size_t)s.out_channels, 16), *y = allocate(out, sizeof *y), *gx = allocate(in, sizeof *gx), *gw = allocate(weights, sizeof *gw);
    sums want = {x, w, dx, dw, dy, allocate(out, 8), allocate(out, 8), allocate(in, 8), allocate(weights, 8)};
    each_tap(&s, add_tap, &want);
    for (size_t i = 0; i < out; i++) want.y[i] += bias[i % (size_t)s.out_channels], want.jvp[i] += bias[i % (size_t)s.out_channels];
    /* Terms are below 1 in size; no sum here has more than 1000 of them. */
    double most = 1000.0 * U * 30;
    OK(gk_convolution_forward(device, &s, x, w, bias, y));
    all_near(y, want.y, (int64_t)out, most);
    OK(gk_convolution_jvp(device, &s, x, w, dx, dw, bias, y));
    all_near(y, want.jvp, (int64_t)out, most);
    OK(gk_convolution_input_gradient(device, &s, dy, w, 0.f, gx));
    all_near(gx, want.gx, (int64_t)in, most);
    OK(gk_convolution_weight_gradient(device, &s, x, dy, 0.f, gw));
    all_near(gw, want.gw, (int64_t)weights, most);

    /* The covariance of patches is that of weight gradients of one-hot filters: here by patches written out. */
    size_t order = patch + 1;
    double *sum = allocate(order * order, sizeof *sum), *expected = allocate(order * order, sizeof *sum), *a = allocate(order, sizeof *a);
    sum[0] = expected[0] = 1; /* added to, not overwritten */
    for (int64_t b = 0; b < s.batch; b++)
        for (int64_t p = 0; p < oh; p++)
            for (int64_t q = 0; q < ow; q++) {
                for (size_t t = 0; t < patch; t++) {
                    int64_t c = (int64_t)t % s.in_channels, kx = (int64_t)t / s.in_channels % s.kernel_width, ky = (int64_t)t / s.in_channels / s.kernel_width;
                    int64_t iy = p * s.stride_y - s.pad_top + ky * s.dilation_y, ix = q * s.stride_x - s.pad_left + kx * s.dilation_x;
                    int inside = iy >= 0 && iy < s.height && ix >= 0 && ix < s.width;
                    a[t] = inside ? x[((b * s.height + iy) * s.width + ix) * s.in_channels + c] : 0;
                }
                a[patch] = 1;
                for (size_t i = 0; i < order; i++) for (size_t j = 0; j < order; j++) expected[i * order + j] += a[i] * a[j];
            }
    OK(gk_patch_covariance(device, &s, x, 1, sum));
    mix(sum, order * order * sizeof *sum);
    for (size_t i = 0; i < order * order; i++) CHECK(near(sum[i], expected[i], most));
    free(x), free(w), free(dx), free(dw), free(dy), free(bias), free(y), free(gx), free(gw), free(sum), free(expected), free(a);
    free(want.y), free(want.jvp), free(want.gx), free(want.gw);
}

/* log of the sum of exponentials, relative to the largest. */
static double log_sum(const double *z, int64_t classes, double *largest)
{
    double most = z[0], sum = 0;
    for (int64_t c = 1; c < classes; c++) if (z[c] > most) most = z[c];
    for (int64_t c = 0; c < classes; c++) sum += exp(z[c] - most);
    *largest = most;
    return most + log(sum);
}

static int64_t argmax(const float *z, int64_t classes)
{
    int64_t best = 0;
    for (int64_t c = 1; c < classes; c++) if (z[c] > z[best]) best = c;
    return best;
}

static void row_loss(int64_t rows, int64_t classes)
{
    int64_t ld = classes + 5;
    float *znew = random_floats((size_t)(rows * ld), 20), *zold = random_floats((size_t)(rows * ld), 21);
    float *gradient = allocate((size_t)(rows * classes), sizeof *gradient), *values = allocate((size_t)rows, sizeof *values);
    int32_t *labels = allocate((size_t)rows, sizeof *labels), *pnew = allocate((size_t)rows, 4), *pold = allocate((size_t)rows, 4);
    double *zn = allocate((size_t)classes, 8), *zo = allocate((size_t)classes, 8), total = 0, most;
    gk_flip_counts table = {0, 0, 0, 0, 0, 0, 0}, counted, predicted, *by_class = allocate((size_t)classes, sizeof *by_class);
    gk_loss_result result;
    int64_t valid = 0;
    for (int64_t i = 0; i < rows; i++) labels[i] = i % 7 == 3 ? -100 : (int32_t)(i * 5 % classes), valid += labels[i] >= 0;
    OK(gk_row_loss(device, NULL, rows, classes, znew, ld, zold, ld, NULL, 0, labels, gradient, values, pnew, pold, &result));
    mix(gradient, (size_t)(rows * classes) * 4), mix(values, (size_t)rows * 4), mix(&result, sizeof result);
    for (int64_t i = 0; i < rows; i++) {
        int64_t a = argmax(zold + i * ld, classes), b = argmax(znew + i * ld, classes);
        CHECK(pold[i] == a && pnew[i] == b);
        if (labels[i] < 0) {
            CHECK(values[i] == 0);
            for (int64_t c = 0; c < classes; c++) CHECK(gradient[i * classes + c] == 0);
            continue;
        }
        for (int64_t c = 0; c < classes; c++) zn[c] = znew[i * ld + c], zo[c] = zold[i * ld + c];
        double ln = log_sum(zn, classes, &most), lo = log_sum(zo, classes, &most), kl = 0, weight = a == labels[i] ? 6 : 1;
        for (int64_t c = 0; c < classes; c++) kl += exp(zo[c] - lo) * ((zo[c] - lo) - (zn[c] - ln));
        double value = ln - zn[labels[i]] + weight * kl;
        CHECK(near(values[i], value, 1e-5 * (1 + value)));
        total += value;
        for (int64_t c = 0; c < classes; c++) {
            double g = exp(zn[c] - ln) - (c == labels[i]) + weight * (exp(zn[c] - ln) - exp(zo[c] - lo));
            CHECK(near(gradient[i * classes + c], g / (double)valid, 1e-5 / (double)valid * 7));
        }
        int was = a == labels[i], is = b == labels[i];
        table.both_right += was && is, table.both_wrong += !was && !is, table.positive_flips += !was && is, table.negative_flips += was && !is;
        table.differ += a != b;
    }
    CHECK(result.valid_rows == valid && result.undefined_rows == 0 && near(result.loss, total / (double)valid, 1e-5));
    CHECK(memcmp(&result.flips, &table, sizeof table) == 0);
    OK(gk_flips_from_logits(device, rows, classes, zold, ld, znew, ld, labels, -100, &counted, by_class));
    OK(gk_flips_from_predictions(device, rows, classes, pold, pnew, labels, -100, &predicted, NULL));
    CHECK(memcmp(&counted, &table, sizeof table) == 0 && memcmp(&predicted, &table, sizeof table) == 0);
    gk_flip_counts sum = {0, 0, 0, 0, 0, 0, 0};
    for (int64_t c = 0; c < classes; c++) for (int f = 0; f < 7; f++) ((int64_t *)&sum)[f] += ((int64_t *)&by_class[c])[f];
    CHECK(memcmp(&sum, &table, sizeof table) == 0);

    int32_t *both = allocate((size_t)(2 * rows), 4);
    int64_t negative[4], differ[4];
    memcpy(both, pold, (size_t)rows * 4), memcpy(both + rows, pnew, (size_t)rows * 4);
    OK(gk_pairwise_flips(device, 2, rows, both, labels, -100, negative, differ));
    CHECK(negative[0] == 0 && negative[1] == table.negative_flips && negative[2] == table.positive_flips && differ[1] == table.differ && differ[3] == 0);

    /* In place: the gradient takes the memory of the new logits. */
    float *packed = allocate((size_t)(rows * classes), sizeof *packed);
    for (int64_t i = 0; i < rows; i++) memcpy(packed + i * classes, znew + i * ld, (size_t)classes * 4);
    OK(gk_row_loss(device, NULL, rows, classes, packed, classes, zold, ld, NULL, 0, labels, packed, NULL, NULL, NULL, NULL));
    CHECK(memcmp(packed, gradient, (size_t)(rows * classes) * 4) == 0);
    free(znew), free(zold), free(gradient), free(values), free(labels), free(pnew), free(pold), free(zn), free(zo), free(by_class), free(both), free(packed);
}

static void linear_loss(int64_t rows, int64_t features, int64_t classes)
{
    float *e = random_floats((size_t)(rows * features), 30), *w = random_floats((size_t)(classes * features), 31), *b = random_floats((size_t)classes, 32);
    float *de = allocate((size_t)(rows * features), 4), *dw = allocate((size_t)(classes * features), 4), *db = allocate((size_t)classes, 4);
    double *z = allocate((size_t)classes, 8), *we = allocate((size_t)(rows * features), 8), *ww = allocate((size_t)(classes * features), 8);
    double *wb = allocate((size_t)classes, 8), total = 0, most;
    int32_t *labels = allocate((size_t)rows, 4);
    gk_linear_loss_result result;
    for (int64_t i = 0; i < rows; i++) {
        labels[i] = (int32_t)(i * 3 % classes);
        for (int64_t c = 0; c < classes; c++) {
            z[c] = b[c];
            for (int64_t f = 0; f < features; f++) z[c] += (double)e[i * features + f] * w[c * features + f];
        }
        double l = log_sum(z, classes, &most);
        total += l - z[labels[i]];
        for (int64_t c = 0; c < classes; c++) {
            double p = (exp(z[c] - l) - (c == labels[i])) / (double)rows;
            wb[c] += p;
            for (int64_t f = 0; f < features; f++) we[i * features + f] += p * w[c * features + f], ww[c * features + f] += p * e[i * features + f];
        }
    }
    OK(gk_linear_cross_entropy(device, NULL, rows, features, classes, e, features, w, features, b, labels, de, dw, db, NULL, &result));
    CHECK(result.valid_rows == rows && near(result.loss, total / (double)rows, 1e-5 * (1 + total / (double)rows)));
    all_near(de, we, rows * features, 1e-5), all_near(dw, ww, classes * features, 1e-5), all_near(db, wb, classes, 1e-5);
    free(e), free(w), free(b), free(de), free(dw), free(db), free(z), free(we), free(ww), free(wb), free(labels);
}

static void top_k(int64_t queries, int64_t gallery, int64_t width, int64_t k)
{
    float *q = random_floats((size_t)(queries * width), 40), *g = random_floats((size_t)(gallery * width), 41), *scores = allocate((size_t)(queries * k), 4);
    float *offsets = random_floats((size_t)gallery, 42);
    int32_t *indices = allocate((size_t)(queries * k), 4), *excluded = allocate((size_t)queries, 4);
    for (int64_t i = 0; i < queries; i++) excluded[i] = i % 2 == 0 ? (int32_t)(i % gallery) : -1;
    OK(gk_top_k(device, queries, gallery, width, k, q, g, offsets, excluded, indices, scores));
    mix(indices, (size_t)(queries * k) * 4), mix(scores, (size_t)(queries * k) * 4);
    for (int64_t i = 0; i < queries; i++) {
        for (int64_t r = 0; r < k; r++) {
            int32_t j = indices[i * k + r];
            if (r >= gallery - (excluded[i] >= 0)) {
                CHECK(j == -1 && isnan(scores[i * k + r]));
                continue;
            }
            double score = 0;
            CHECK(j >= 0 && j < gallery && j != excluded[i]);
            score = offsets[j];
            for (int64_t f = 0; f < width; f++) score += (double)q[i * width + f] * g[j * width + f];
            CHECK(near(scores[i * k + r], score, 1e-5));
            /* Best first; nothing left out is better by more than rounding. */
            if (r > 0) CHECK(scores[i * k + r] <= scores[i * k + r - 1]);
        }
        for (int64_t j = 0; j < gallery; j++) {
            int found = j == excluded[i];
            double score = offsets[j];
            for (int64_t r = 0; r < k; r++) found |= indices[i * k + r] == j;
            for (int64_t f = 0; f < width; f++) score += (double)q[i * width + f] * g[j * width + f];
            if (!found) CHECK(score <= scores[i * k + k - 1] + 1e-5);
        }
    }
    free(q), free(g), free(scores), free(offsets), free(indices), free(excluded);
}

int main(int count, char **arguments)
{
    const char *simd = count > 1 && strcmp(arguments[1], "best") != 0 ? arguments[1] : NULL;
    char text[64];
    CHECK(gk_abi_version() == GK_ABI_VERSION && gk_version()[0] != 0);
    OK(gk_device_open(GK_ABI_VERSION, simd, 2, &device));
    OK(gk_device_describe(device, text, sizeof text));
    CHECK(simd == NULL || strstr(text, simd) != NULL);
    for (int transposes = 0; transposes < 4; transposes++) gemm(17, 21, 35, transposes & 1, transposes >> 1, 0.75f);
    gemm(1, 1, 1, 0, 0, 0.f), gemm(70, 33, 40, 0, 1, 0.f), gemm(5, 7, 0, 0, 0, 2.f), gemm(0, 4, 4, 0, 0, 1.f);
    if (count > 2 && strcmp(arguments[2], "far") == 0) gemm_far_apart();
    syrk(19, 23, 0), syrk(19, 23, 1);
    cholesky(1), cholesky(53);
    kronecker(9, 14, 1), kronecker(9, 14, 0);
    convolution((gk_convolution_shape){2, 7, 6, 3, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1});
    convolution((gk_convolution_shape){1, 9, 8, 4, 3, 3, 2, 2, 1, 0, 1, 2, 0, 1, 2});
    convolution((gk_convolution_shape){2, 4, 4, 5, 6, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1});
    row_loss(23, 10), row_loss(9, 131), row_loss(5, 1);
    linear_loss(13, 11, 17);
    top_k(5, 40, 9, 6), top_k(3, 4, 2, 6);
    OK(gk_device_close(device));
    printf("%s\n%016llx\n", text, (unsigned long long)bits);
    return 0;
}
