/*
 * Bad input: each is refused with its status and a message that names the argument, nothing is written, and the library goes on working.
 * Arguments: an ONNX file of a network on [9 x 7 x 3] images with 4 outputs, and a folder to write to.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "check.h"

#define REFUSED(status, part, call) refused((call), (status), (part), #call, __LINE__)

static void refused(gk_status actual, gk_status expected, const char *part, const char *call, int line)
{
    if (actual == expected && strstr(gk_last_error(), part) != NULL) return;
    fprintf(stderr, "refuse.c:%d: %s gave %s \"%s\"; expected %s and '%s'\n", line, call, gk_status_name(actual), gk_last_error(), gk_status_name(expected), part);
    exit(1);
}

static gk_device *device;
static float a[64], b[64], c[64], poison[64];
static double d[64], dpoison[64];

static void untouched(void)
{
    CHECK(memcmp(c, poison, sizeof c) == 0);
    CHECK(memcmp(d, dpoison, sizeof d) == 0);
}

static void devices(void)
{
    gk_device *other = (gk_device *)&device;
    char text[8];
    REFUSED(GK_NOT_SUPPORTED, "abi is 77; this library's is 1", gk_device_open(77, NULL, 0, &other));
    CHECK(other == NULL);
    REFUSED(GK_NOT_SUPPORTED, "simd is 'sse9'", gk_device_open(GK_ABI_VERSION, "sse9", 0, &other));
    REFUSED(GK_INVALID_ARGUMENT, "threads is -1", gk_device_open(GK_ABI_VERSION, NULL, -1, &other));
    REFUSED(GK_INVALID_ARGUMENT, "threads is 1025", gk_device_open(GK_ABI_VERSION, NULL, 1025, &other));
    REFUSED(GK_INVALID_ARGUMENT, "device is NULL", gk_device_open(GK_ABI_VERSION, NULL, 0, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "text is NULL", gk_device_describe(device, NULL, 5));
    REFUSED(GK_INVALID_ARGUMENT, "capacity is 0", gk_device_describe(device, text, 0));
    OK(gk_device_describe(device, text, 6));
    CHECK(strcmp(text, "cpu (") == 0);
    OK(gk_device_close(NULL));
}

static void handles(void)
{
    gk_device *closed, *first;
    float x = 0;
    OK(gk_device_open(GK_ABI_VERSION, NULL, 1, &closed));
    first = closed;
    OK(gk_device_close(closed));
    REFUSED(GK_INVALID_HANDLE, "device", gk_device_close(closed));
    REFUSED(GK_INVALID_HANDLE, "device", gk_gemm(closed, 0, 0, 1, 1, 1, 1.f, &x, 1, &x, 1, 0.f, &x, 1));
    /* The number of a handle never comes again. */
    OK(gk_device_open(GK_ABI_VERSION, NULL, 1, &closed));
    CHECK(closed != first);
    REFUSED(GK_INVALID_HANDLE, "device", gk_device_close(first));
    OK(gk_device_close(closed));
    REFUSED(GK_INVALID_HANDLE, "device is NULL", gk_gemm(NULL, 0, 0, 1, 1, 1, 1.f, &x, 1, &x, 1, 0.f, &x, 1));
    REFUSED(GK_INVALID_HANDLE, "device", gk_device_close((gk_device *)&x));
    REFUSED(GK_INVALID_HANDLE, "device", gk_device_close((gk_device *)(intptr_t)-1));
    REFUSED(GK_INVALID_HANDLE, "device", gk_device_close((gk_device *)(intptr_t)1));
    REFUSED(GK_INVALID_HANDLE, "network is a gk_device", gk_network_close((gk_network *)device));
}

static void products(void)
{
    const int64_t huge = INT64_MAX;
    REFUSED(GK_INVALID_ARGUMENT, "m is -1", gk_gemm(device, 0, 0, -1, 2, 2, 1.f, a, 2, b, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "n is 2147483648", gk_gemm(device, 0, 0, 2, INT64_C(2147483648), 2, 1.f, a, 2, b, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "k is 9223372036854775807", gk_gemm(device, 0, 0, 2, 2, huge, 1.f, a, 2, b, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "a is NULL; expected [2 x 2]", gk_gemm(device, 0, 0, 2, 2, 2, 1.f, NULL, 2, b, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "b is NULL", gk_gemm(device, 0, 0, 2, 2, 2, 1.f, a, 2, NULL, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "c is NULL", gk_gemm(device, 0, 0, 2, 2, 2, 1.f, a, 2, b, 2, 0.f, NULL, 2));
    REFUSED(GK_INVALID_ARGUMENT, "lda is 2; expected at least 3, the columns of a [2 x 3]", gk_gemm(device, 0, 0, 2, 2, 3, 1.f, a, 2, b, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "ldb is -5", gk_gemm(device, 0, 0, 2, 2, 2, 1.f, a, 2, b, -5, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "ldc is 1", gk_gemm(device, 0, 0, 2, 2, 2, 1.f, a, 2, b, 2, 0.f, c, 1));
    REFUSED(GK_INVALID_ARGUMENT, "ldc is 9223372036854775807", gk_gemm(device, 0, 0, 2, 2, 2, 1.f, a, 2, b, 2, 0.f, c, huge));
    REFUSED(GK_INVALID_ARGUMENT, "c overlaps a", gk_gemm(device, 0, 0, 2, 2, 2, 1.f, c, 2, b, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "c overlaps b", gk_gemm(device, 0, 0, 2, 2, 2, 1.f, a, 2, c + 3, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "c overlaps a", gk_gemm(device, 0, 0, 2, 2, 2, 1.f, c + 1, 8, b, 2, 0.f, c, 8));
    REFUSED(GK_INVALID_ARGUMENT, "a is at 0x", gk_gemm(device, 0, 0, 2, 2, 2, 1.f, (float *)((char *)a + 1), 2, b, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "a [2147483647 x 2147483647] with rows 2147483647 apart cannot be addressed",
            gk_gemm(device, 0, 0, INT32_MAX, 2, INT32_MAX, 1.f, a, INT32_MAX, b, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "n is -3", gk_syrk(device, 0, -3, 2, 1.f, a, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "c overlaps a", gk_syrk(device, 0, 2, 2, 1.f, c, 2, 0.f, c, 2));
    REFUSED(GK_INVALID_ARGUMENT, "n is -1", gk_potrf(device, -1, d, 1, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "a is NULL", gk_potrf(device, 2, NULL, 2, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "lda is 1", gk_potri(device, 2, d, 1));
    REFUSED(GK_INVALID_ARGUMENT, "a[0, 0] is", gk_potri(device, 2, d, 2));
    REFUSED(GK_INVALID_ARGUMENT, "b overlaps a", gk_potrs(device, 2, d, 2, 1, d + 3, 1));
    REFUSED(GK_INVALID_ARGUMENT, "y overlaps v", gk_kronecker_apply(device, 2, 2, NULL, b, c, NULL, c));
    REFUSED(GK_INVALID_ARGUMENT, "workspace overlaps y", gk_kronecker_apply(device, 2, 2, NULL, b, a, c, c));
    untouched();
    /* Columns of one matrix beside each other are no overlap. */
    float both[4] = {3, -1, 4, -1}, one = 2;
    OK(gk_gemm(device, 0, 0, 2, 1, 1, 1.f, both, 2, &one, 1, 0.f, both + 1, 2));
    CHECK(both[0] == 3 && both[1] == 6 && both[2] == 4 && both[3] == 8);
}

static void convolutions(void)
{
    const gk_convolution_shape good = {1, 3, 3, 1, 1, 2, 2, 1, 1, 0, 0, 0, 0, 1, 1};
    gk_convolution_shape s = good;
    int64_t height, width;
    REFUSED(GK_INVALID_ARGUMENT, "shape is NULL", gk_convolution_forward(device, NULL, a, b, NULL, c));
    REFUSED(GK_INVALID_ARGUMENT, "out_height is NULL", gk_convolution_output(&s, NULL, &width));
    s.stride_y = 0;
    REFUSED(GK_INVALID_ARGUMENT, "shape->stride_y is 0", gk_convolution_output(&s, &height, &width));
    s = good, s.batch = -1;
    REFUSED(GK_INVALID_ARGUMENT, "shape->batch is -1", gk_convolution_forward(device, &s, a, b, NULL, c));
    s = good, s.dilation_x = 5;
    REFUSED(GK_INVALID_ARGUMENT, "shape->dilation_x reaches over 6 pixels", gk_convolution_forward(device, &s, a, b, NULL, c));
    s = good, s.batch = INT32_MAX;
    REFUSED(GK_INVALID_ARGUMENT, "output positions", gk_convolution_forward(device, &s, a, b, NULL, c));
    s = good, s.height = INT32_MAX, s.pad_top = INT32_MAX;
    REFUSED(GK_INVALID_ARGUMENT, "shape->height with its padding", gk_convolution_forward(device, &s, a, b, NULL, c));
    s = good;
    REFUSED(GK_INVALID_ARGUMENT, "x is NULL", gk_convolution_forward(device, &s, NULL, b, NULL, c));
    REFUSED(GK_INVALID_ARGUMENT, "y overlaps x", gk_convolution_forward(device, &s, c + 8, b, NULL, c + 6));
    REFUSED(GK_INVALID_ARGUMENT, "dy overlaps dw", gk_convolution_jvp(device, &s, a, b, a, c, NULL, c));
    REFUSED(GK_INVALID_ARGUMENT, "dx overlaps dy", gk_convolution_input_gradient(device, &s, c, b, 0.f, c));
    REFUSED(GK_INVALID_ARGUMENT, "dw overlaps x", gk_convolution_weight_gradient(device, &s, c, a, 0.f, c));
    REFUSED(GK_INVALID_ARGUMENT, "sum is NULL", gk_patch_covariance(device, &s, a, 1, NULL));
    untouched();
}

static void losses(void)
{
    int32_t good[2] = {0, -100}, bad[2] = {1, 3}, predictions[2] = {7, 7}, ints[4] = {5, 5, 5, 5};
    int64_t pairs[4];
    gk_loss_options options = GK_LOSS_OPTIONS_DEFAULT;
    gk_linear_loss_options linear = GK_LINEAR_LOSS_OPTIONS_DEFAULT;
    gk_loss_result result;
    gk_flip_counts counts;
    memset(&result, 0x55, sizeof result), memset(&counts, 0x55, sizeof counts);
    gk_loss_result before = result;
    gk_flip_counts counted = counts;
    REFUSED(GK_INVALID_ARGUMENT, "labels[1] is 3; expected 0 to 2, or -100",
            gk_row_loss(device, NULL, 2, 3, a, 3, b, 3, NULL, 0, bad, c, c + 16, predictions, NULL, &result));
    REFUSED(GK_INVALID_ARGUMENT, "classes is 0", gk_row_loss(device, NULL, 2, 0, a, 3, b, 3, NULL, 0, good, c, NULL, NULL, NULL, &result));
    REFUSED(GK_INVALID_ARGUMENT, "rows is -2", gk_row_loss(device, NULL, -2, 3, a, 3, b, 3, NULL, 0, good, c, NULL, NULL, NULL, &result));
    REFUSED(GK_INVALID_ARGUMENT, "new_logits is NULL", gk_row_loss(device, NULL, 2, 3, NULL, 3, b, 3, NULL, 0, good, c, NULL, NULL, NULL, &result));
    REFUSED(GK_INVALID_ARGUMENT, "labels is NULL", gk_row_loss(device, NULL, 2, 3, a, 3, b, 3, NULL, 0, NULL, c, NULL, NULL, NULL, &result));
    REFUSED(GK_INVALID_ARGUMENT, "old_logits is NULL", gk_row_loss(device, NULL, 2, 3, a, 3, NULL, 0, NULL, 0, good, c, NULL, NULL, NULL, &result));
    REFUSED(GK_INVALID_ARGUMENT, "ld_old is 2", gk_row_loss(device, NULL, 2, 3, a, 3, b, 2, NULL, 0, good, c, NULL, NULL, NULL, &result));
    REFUSED(GK_INVALID_ARGUMENT, "gradient overlaps new_logits", gk_row_loss(device, NULL, 2, 3, c + 1, 3, b, 3, NULL, 0, good, c, NULL, NULL, NULL, &result));
    REFUSED(GK_INVALID_ARGUMENT, "gradient overlaps old_logits", gk_row_loss(device, NULL, 2, 3, a, 3, c, 3, NULL, 0, good, c, NULL, NULL, NULL, &result));
    REFUSED(GK_INVALID_ARGUMENT, "new_predictions overlaps labels", gk_row_loss(device, NULL, 2, 3, a, 3, b, 3, NULL, 0, good, c, NULL, good, NULL, &result));
    REFUSED(GK_INVALID_ARGUMENT, "reference_logits is given", gk_row_loss(device, NULL, 2, 3, a, 3, b, 3, a, 3, good, c, NULL, NULL, NULL, &result));
    options.temperature = 0;
    REFUSED(GK_INVALID_ARGUMENT, "options.temperature is 0", gk_row_loss(device, &options, 2, 3, a, 3, b, 3, NULL, 0, good, c, NULL, NULL, NULL, &result));
    options.temperature = 1, options.distance = 6;
    REFUSED(GK_INVALID_ARGUMENT, "options.distance is 6", gk_row_loss(device, &options, 2, 3, a, 3, b, 3, NULL, 0, good, c, NULL, NULL, NULL, &result));
    options.distance = GK_DISTANCE_LDI, options.rank_by = GK_RANK_BY_REFERENCE;
    REFUSED(GK_INVALID_ARGUMENT, "reference_logits is NULL", gk_row_loss(device, &options, 2, 3, a, 3, b, 3, NULL, 3, good, c, NULL, NULL, NULL, &result));
    options.rank_by = GK_RANK_BY_OLD, options.top_k = 0;
    REFUSED(GK_INVALID_ARGUMENT, "options.top_k is 0", gk_row_loss(device, &options, 2, 3, a, 3, b, 3, NULL, 0, good, c, NULL, NULL, NULL, &result));
    REFUSED(GK_INVALID_ARGUMENT, "counts is NULL", gk_flips_from_logits(device, 2, 3, a, 3, b, 3, good, -100, NULL, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "labels[1] is 3", gk_flips_from_logits(device, 2, 3, a, 3, b, 3, bad, -100, &counts, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "old_predictions[0] is 5; expected at most 2", gk_flips_from_predictions(device, 2, 3, ints, ints, good, -100, &counts, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "models is 0", gk_pairwise_flips(device, 0, 2, ints, good, -100, pairs, NULL));
    good[1] = -7;
    REFUSED(GK_INVALID_ARGUMENT, "labels[1] is -7", gk_pairwise_flips(device, 2, 2, ints, good, -100, pairs, NULL));
    good[1] = -100;
    linear.label_smoothing = 1;
    REFUSED(GK_INVALID_ARGUMENT, "options.label_smoothing is 1", gk_linear_cross_entropy(device, &linear, 2, 2, 3, a, 2, b, 2, NULL, good, c, NULL, NULL, NULL, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "weight_gradient overlaps weight", gk_linear_cross_entropy(device, NULL, 2, 2, 3, a, 2, c, 2, NULL, good, NULL, c, NULL, NULL, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "labels[1] is 3", gk_linear_cross_entropy(device, NULL, 2, 2, 3, a, 2, b, 2, NULL, bad, c, NULL, NULL, NULL, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "k is 2049", gk_top_k(device, 1, 4, 2, 2049, a, b, NULL, NULL, ints, c));
    REFUSED(GK_INVALID_ARGUMENT, "gallery is NULL", gk_top_k(device, 1, 4, 2, 2, a, NULL, NULL, NULL, ints, c));
    REFUSED(GK_INVALID_ARGUMENT, "scores overlaps indices", gk_top_k(device, 1, 4, 2, 2, a, b, NULL, NULL, ints, (float *)ints));
    untouched();
    CHECK(memcmp(&result, &before, sizeof before) == 0 && memcmp(&counts, &counted, sizeof counts) == 0);
    CHECK(predictions[0] == 7 && ints[0] == 5);
}

static void networks(const char *path, const char *folder)
{
    gk_network *network, *none = (gk_network *)&network;
    gk_linearized *linearized, *nothing;
    gk_factors *factors;
    gk_model *model = (gk_model *)&network;
    gk_network_info info;
    gk_solve_options options = GK_SOLVE_OPTIONS_DEFAULT;
    float *images = random_floats(4 * 9 * 7 * 3, 50), outputs[16];
    int32_t labels[4] = {0, 1, 2, 3}, out_of_range[4] = {0, 1, 2, 4}, missing[4] = {0, 0, 1, 2};
    char file[4096];
    REFUSED(GK_INVALID_ARGUMENT, "path is NULL", gk_network_load(device, NULL, 0.f, &none));
    CHECK(none == NULL);
    REFUSED(GK_INVALID_ARGUMENT, "path is empty", gk_network_load(device, "", 0.f, &none));
    REFUSED(GK_INVALID_ARGUMENT, "path is not UTF-8", gk_network_load(device, "\xff", 0.f, &none));
    REFUSED(GK_IO, "/no/such.onnx", gk_network_load(device, "/no/such.onnx", 0.f, &none));
    REFUSED(GK_INVALID_ARGUMENT, "leaky_slope is", gk_network_load(device, path, NAN, &none));
    snprintf(file, sizeof file, "%s/damaged.onnx", folder);
    FILE *damaged = fopen(file, "wb");
    CHECK(damaged != NULL && fwrite("no network", 1, 10, damaged) == 10 && fclose(damaged) == 0);
    REFUSED(GK_IO, "damaged.onnx", gk_network_load(device, file, 0.f, &none));
    OK(gk_network_load(device, path, 0.f, &network));
    REFUSED(GK_INVALID_ARGUMENT, "info is NULL", gk_network_describe(network, NULL));
    OK(gk_network_describe(network, &info));
    CHECK(info.height == 9 && info.width == 7 && info.channels == 3 && info.outputs == 4);
    REFUSED(GK_INVALID_ARGUMENT, "count is -1", gk_network_predict(network, images, -1, outputs));
    REFUSED(GK_INVALID_ARGUMENT, "outputs is NULL", gk_network_predict(network, images, 4, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "outputs overlaps images", gk_network_predict(network, images, 4, images + 8));
    REFUSED(GK_INVALID_ARGUMENT, "count is 0", gk_linearize(network, images, 0, &nothing));
    REFUSED(GK_INVALID_ARGUMENT, "they are copied", gk_linearize(network, images, INT32_MAX / 8, &nothing));
    CHECK(nothing == NULL);
    REFUSED(GK_INVALID_ARGUMENT, "labels[3] is 4", gk_fine_tune(network, images, out_of_range, 4, 4, &model));
    CHECK(model == NULL);
    OK(gk_linearize(network, images, 4, &linearized));
    float *update = allocate((size_t)info.parameters, sizeof *update);
    update[2] = NAN;
    REFUSED(GK_INVALID_ARGUMENT, "update[2] is", gk_linearized_jvp(linearized, update, outputs));
    update[2] = 0;
    REFUSED(GK_INVALID_ARGUMENT, "cotangent is NULL", gk_linearized_vjp(linearized, NULL, update));
    REFUSED(GK_INVALID_ARGUMENT, "labels[3] is 4", gk_solve(linearized, NULL, out_of_range, NULL, NULL, &model, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "class 3", gk_solve(linearized, NULL, missing, NULL, NULL, &model, NULL));
    options.lambda = 0;
    REFUSED(GK_INVALID_ARGUMENT, "options.lambda is 0", gk_solve(linearized, NULL, labels, NULL, &options, &model, NULL));
    options.lambda = 1e-2, options.max_iterations = -1;
    REFUSED(GK_INVALID_ARGUMENT, "options.max_iterations is -1", gk_solve(linearized, NULL, labels, NULL, &options, &model, NULL));
    OK(gk_factors_compute(linearized, &factors));
    REFUSED(GK_IO, "/no/such", gk_factors_save(factors, "/no/such/factors"));
    REFUSED(GK_INVALID_HANDLE, "factors is a gk_linearized", gk_solve(linearized, (gk_factors *)linearized, labels, NULL, NULL, &model, NULL));
    OK(gk_solve(linearized, factors, labels, NULL, NULL, &model, NULL));
    REFUSED(GK_INVALID_ARGUMENT, "parameters is 3", gk_model_update(model, update, 3));
    REFUSED(GK_IO, "/no/such", gk_model_load(device, "/no/such/folder", &model));
    CHECK(model == NULL);
    /* What was closed first does not pull the rest with it; the model above is lost to its number alone and ends with the process. */
    OK(gk_network_close(network));
    REFUSED(GK_INVALID_HANDLE, "network", gk_network_predict(network, images, 4, outputs));
    OK(gk_linearized_jvp(linearized, update, outputs));
    OK(gk_factors_close(factors));
    OK(gk_linearized_close(linearized));
    REFUSED(GK_INVALID_HANDLE, "linearized", gk_linearized_close(linearized));

    /* Without its device a network is of no use, and says so. */
    gk_device *short_lived;
    OK(gk_device_open(GK_ABI_VERSION, NULL, 1, &short_lived));
    OK(gk_network_load(short_lived, path, 0.f, &network));
    OK(gk_device_close(short_lived));
    REFUSED(GK_INVALID_HANDLE, "device that has been closed", gk_network_predict(network, images, 4, outputs));
    OK(gk_network_close(network));
    free(images), free(update);
}

typedef struct {
    gk_network *network;
    const float *images;
    float outputs[16];
    int failures;
} reader;

/* Predicts until the network is closed under it. */
static void *predict(void *state)
{
    reader *r = state;
    for (int i = 0; i < 200; i++) {
        gk_status status = gk_network_predict(r->network, r->images, 4, r->outputs);
        if (status == GK_INVALID_HANDLE) return NULL;
        if (status != GK_OK) r->failures++;
    }
    return NULL;
}

static void *fail(void *state)
{
    (void)state;
    CHECK(gk_last_error()[0] == 0);
    REFUSED(GK_INVALID_ARGUMENT, "n is -1", gk_potrf(device, -1, d, 1, NULL));
    return NULL;
}

/* Calls on one handle wait for one another, whoever closes it waits for the call inside, and errors belong to their thread. */
static void threads(const char *path)
{
    float *images = random_floats(4 * 9 * 7 * 3, 51), expected[16];
    gk_network *network;
    reader readers[3];
    pthread_t ids[3], other;
    OK(gk_network_load(device, path, 0.f, &network));
    OK(gk_network_predict(network, images, 4, expected));
    for (int i = 0; i < 3; i++) {
        memset(&readers[i], 0, sizeof readers[i]);
        readers[i].network = network, readers[i].images = images;
        CHECK(pthread_create(&ids[i], NULL, predict, &readers[i]) == 0);
    }
    for (int i = 0; i < 20; i++) OK(gk_network_predict(network, images, 4, expected));
    OK(gk_network_close(network));
    for (int i = 0; i < 3; i++) {
        CHECK(pthread_join(ids[i], NULL) == 0);
        CHECK(readers[i].failures == 0);
        int ran = 0;
        for (int j = 0; j < 16; j++) ran |= readers[i].outputs[j] != 0;
        CHECK(!ran || memcmp(readers[i].outputs, expected, sizeof expected) == 0);
    }
    REFUSED(GK_INVALID_ARGUMENT, "n is -9", gk_potrf(device, -9, d, 1, NULL));
    CHECK(pthread_create(&other, NULL, fail, NULL) == 0 && pthread_join(other, NULL) == 0);
    CHECK(strstr(gk_last_error(), "n is -9") != NULL);
    free(images);
}

int main(int count, char **arguments)
{
    CHECK(count == 3);
    for (int i = 0; i < 64; i++) a[i] = 1, b[i] = 2, c[i] = poison[i] = -77, d[i] = dpoison[i] = -77;
    CHECK(gk_last_error()[0] == 0);
    CHECK(strcmp(gk_status_name(GK_IO), "GK_IO") == 0 && strcmp(gk_status_name(-3), "unknown status") == 0 && strcmp(gk_status_name(99), "unknown status") == 0);
    OK(gk_device_open(GK_ABI_VERSION, NULL, 2, &device));
    devices();
    handles();
    products();
    convolutions();
    losses();
    networks(arguments[1], arguments[2]);
    threads(arguments[1]);
    OK(gk_device_close(device));
    return 0;
}
