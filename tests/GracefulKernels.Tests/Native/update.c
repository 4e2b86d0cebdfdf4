/*
 * A graceful update from a C program: network, linearisation, factors, solve, prediction, files. What it computes goes to a file, which the test
 * compares with the managed library's bits. Arguments: network.onnx, input file (count, images, labels, an update, a cotangent), output folder,
 * threads.
 */
#include "check.h"

static FILE *results;

static void put(const void *values, size_t count, size_t size)
{
    CHECK(fwrite(values, size, count, results) == count);
}

int main(int count, char **arguments)
{
    CHECK(count == 5);
    gk_device *device;
    gk_network *network, *headed;
    gk_linearized *linearized;
    gk_factors *factors;
    gk_model *model, *congruent, *loaded, *tuned;
    gk_network_info info, other;
    gk_solve_result solved;
    char path[4096];
    FILE *input = fopen(arguments[2], "rb");
    CHECK(input != NULL);
    snprintf(path, sizeof path, "%s/results", arguments[3]);
    results = fopen(path, "wb");
    CHECK(results != NULL);

    OK(gk_device_open(GK_ABI_VERSION, NULL, atoi(arguments[4]), &device));
    OK(gk_network_load(device, arguments[1], 0.2f, &network));
    OK(gk_network_describe(network, &info));
    size_t n = (size_t)take_size(input), p = (size_t)info.parameters, o = (size_t)info.outputs;
    float *images = take(input, n * (size_t)(info.height * info.width * info.channels), sizeof *images);
    int32_t *labels = take(input, n, sizeof *labels);
    float *update = take(input, p, sizeof *update), *cotangent = take(input, n * o, sizeof *cotangent);
    CHECK(fclose(input) == 0);
    float *logits = allocate(n * o, sizeof *logits), *outputs = allocate(n * o, sizeof *outputs), *again = allocate(n * o, sizeof *again);
    float *gradient = allocate(p, sizeof *gradient);

    OK(gk_network_predict(network, images, (int64_t)n, logits));
    put(logits, n * o, sizeof *logits);

    OK(gk_linearize(network, images, (int64_t)n, &linearized));
    OK(gk_linearized_jvp(linearized, update, outputs));
    put(outputs, n * o, sizeof *outputs);
    OK(gk_linearized_vjp(linearized, cotangent, gradient));
    put(gradient, p, sizeof *gradient);
    /* <J d, u> = <d, J^T u>, up to the rounding of single precision in every layer. */
    double left = 0, right = 0, size = 0;
    for (size_t i = 0; i < n * o; i++) left += (double)outputs[i] * cotangent[i], size += fabs((double)outputs[i] * cotangent[i]);
    for (size_t i = 0; i < p; i++) right += (double)update[i] * gradient[i], size += fabs((double)update[i] * gradient[i]);
    CHECK(fabs(left - right) <= 1e-5 * size);

    OK(gk_factors_compute(linearized, &factors));
    snprintf(path, sizeof path, "%s/factors.safetensors", arguments[3]);
    OK(gk_factors_save(factors, path));
    OK(gk_solve(linearized, factors, labels, NULL, NULL, &model, &solved));
    CHECK(solved.converged == 1 && solved.iterations >= 1 && solved.relative_gradient <= 1e-3);
    put(&solved.loss, 1, sizeof solved.loss);
    OK(gk_model_describe(model, &other));
    CHECK(memcmp(&info, &other, sizeof info) == 0);
    OK(gk_model_update(model, gradient, (int64_t)p));
    put(gradient, p, sizeof *gradient);
    OK(gk_model_predict(model, images, (int64_t)n, outputs));
    put(outputs, n * o, sizeof *outputs);

    /* Another model that keeps what this one says. */
    gk_solve_options options = GK_SOLVE_OPTIONS_DEFAULT;
    options.lambda_pc = 4, options.max_iterations = 10;
    OK(gk_solve(linearized, NULL, labels, outputs, &options, &congruent, NULL));
    OK(gk_model_predict(congruent, images, (int64_t)n, again));
    put(again, n * o, sizeof *again);
    OK(gk_linearized_close(linearized));
    OK(gk_factors_close(factors));

    snprintf(path, sizeof path, "%s/model", arguments[3]);
    OK(gk_model_save(model, path));
    OK(gk_model_close(model));
    OK(gk_model_load(device, path, &loaded));
    OK(gk_model_predict(loaded, images, (int64_t)n, again));
    CHECK(memcmp(again, outputs, n * o * sizeof *again) == 0);

    OK(gk_network_with_head(network, images, labels, (int64_t)n, (int64_t)o, 0.1, &headed));
    OK(gk_network_predict(headed, images, (int64_t)n, outputs));
    put(outputs, n * o, sizeof *outputs);
    OK(gk_fine_tune(network, images, labels, (int64_t)n, (int64_t)o, &tuned));
    OK(gk_model_predict(tuned, images, (int64_t)n, outputs));
    put(outputs, n * o, sizeof *outputs);

    OK(gk_network_close(headed));
    OK(gk_network_close(network));
    OK(gk_model_close(congruent));
    OK(gk_model_close(loaded));
    OK(gk_model_close(tuned));
    OK(gk_device_close(device));
    CHECK(fclose(results) == 0);
    free(images), free(labels), free(update), free(cotangent), free(logits), free(outputs), free(again), free(gradient);
    return 0;
}
