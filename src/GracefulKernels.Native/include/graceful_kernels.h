/*
 * graceful_kernels.h: the C interface of GracefulKernels, hand-written kernels for graceful model updates.
 *
 * Conventions, for every function unless it says otherwise:
 *
 * - Results. A function returns GK_OK or why it did nothing; gk_last_error() then says in words which argument was wrong, with the
 *   shapes. Arguments are checked before any memory is written. No exception, signal or exit crosses this border.
 * - Memory is the caller's, is never copied to be computed on, never kept after the return, and may be freed then. The exceptions are
 *   stated where they hold: handles keep what they need in memory of their own.
 * - Matrices are row-major. The leading dimension ld is the number of elements (not bytes) from one row to the next, at least the number
 *   of columns; what lies between rows is neither read nor written. Images are [batch, height, width, channels] (NHWC), convolution
 *   weights [out, kh, kw, in], without gaps.
 * - Sizes are int64_t. A negative one, or a matrix that cannot be addressed, is refused. Kernels take at most 2^31 - 1 rows, columns,
 *   a leading dimension, output positions of a batch, ...; there is no such bound on the elements of a matrix. Classes are at most 2^24.
 * - An optional pointer may be NULL. Outputs overlap neither inputs nor each other, except where it is said; overlaps are refused.
 * - Results are the same bits on every instruction set and for any number of threads.
 * - Threads. A device may be used by any number of threads at once. Calls on one of the other handles wait for one another. A handle
 *   that was closed, was never one, or is of another kind is refused (GK_INVALID_HANDLE), not followed. Closing NULL does nothing.
 *
 * Do not fork() after the first call: threads stay behind. A library that was loaded stays: dlclose() does not unload it.
 *
 * libgracefulkernels.so lies beside libgracefulkernels-v4.so and libgracefulkernels-v3.so, the kernels compiled for processors with AVX-512
 * (x86-64-v4) and with AVX2 (x86-64-v3); keep the three together. The first call takes the best that the processor runs; the environment's
 * GRACEFUL_LEVEL=v3 (or v4) asks for one. Below x86-64-v3, or where a file is missing, damaged or of another version, every function returns
 * GK_NOT_SUPPORTED and gk_last_error() says why.
 */
#ifndef GRACEFUL_KERNELS_H
#define GRACEFUL_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GK_API __attribute__((visibility("default")))
#else
#define GK_API
#endif

/* ---------------------------------------------------------------------------------------------------------------- version */

/* Changes when a signature, a structure or a meaning does: a program and a library with different numbers do not fit. */
#define GK_ABI_VERSION 1

/* The library's own number. */
GK_API int32_t gk_abi_version(void);

/* For example "0.1.0"; never NULL. */
GK_API const char *gk_version(void);

/* ----------------------------------------------------------------------------------------------------------------- errors */

typedef int32_t gk_status;

enum {
    GK_OK = 0,
    GK_INVALID_ARGUMENT = 1,       /* NULL, a size, a leading dimension, an overlap, a label out of range, an option out of range */
    GK_INVALID_HANDLE = 2,         /* closed, of another kind, or never a handle */
    GK_NOT_SUPPORTED = 3,          /* an instruction set that is not here, an ONNX operator, an ABI number that is not ours */
    GK_NOT_POSITIVE_DEFINITE = 4,  /* a pivot of a Cholesky factorisation is not positive */
    GK_IO = 5,                     /* a file is missing, damaged, or cannot be written */
    GK_OUT_OF_MEMORY = 6,
    GK_DIVERGED = 7,               /* a solver met NaN or infinity, or a singular problem */
    GK_INTERNAL = 8                /* a defect of this library: please report the message */
};

/* Why the last call on this thread failed, in UTF-8; "" after a call that did not. Never NULL, valid until the next call on this thread. */
GK_API const char *gk_last_error(void);

/* The constant's name, "GK_OK"; never NULL. */
GK_API const char *gk_status_name(gk_status status);

/* ---------------------------------------------------------------------------------------------------------------- devices */

/* The processor, with an instruction set and threads of its own. */
typedef struct gk_device gk_device;

/*
 * abi      GK_ABI_VERSION: a program built with another header is refused here, with both numbers in the message.
 * simd     "avx512" (the file v4 alone), "avx2", "vector128", or NULL for the best that is here.
 * threads  threads that one call may use, the caller's included, 1 to 1024; 0 for one a core.
 * device   receives the handle; NULL after a failure.
 */
GK_API gk_status gk_device_open(int32_t abi, const char *simd, int32_t threads, gk_device **device);

/* Ends the threads. Networks and models that were made with it must not be used any more. */
GK_API gk_status gk_device_close(gk_device *device);

/* Writes, for example, "cpu (avx512, 2 threads)" and a NUL into text [capacity]; what does not fit is cut off. */
GK_API gk_status gk_device_describe(gk_device *device, char *text, int64_t capacity);

/* ----------------------------------------------------------------------------------------------------------------- dense */

/* C[m x n] = alpha op(A) op(B) + beta C in fp32. transpose_a: A is stored [k x m]; transpose_b: B is stored [n x k]. beta = 0 never reads C. */
GK_API gk_status gk_gemm(
    gk_device *device, int32_t transpose_a, int32_t transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t lda,
    const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

/* The lower triangle of C[n x n] = alpha A^T A + beta C (transpose, A [k x n]) or alpha A A^T + beta C (A [n x k]) in fp32. */
GK_API gk_status gk_syrk(
    gk_device *device, int32_t transpose, int64_t n, int64_t k, float alpha, const float *a, int64_t lda, float beta, float *c, int64_t ldc);

/*
 * Cholesky factor L of A = L L^T in fp64, in place, lower triangle only. GK_NOT_POSITIVE_DEFINITE: *pivot (optional) receives the column
 * whose pivot is not positive, and the triangle is spoilt; after a success it is -1.
 */
GK_API gk_status gk_potrf(gk_device *device, int64_t n, double *a, int64_t lda, int64_t *pivot);

/* From the factor of gk_potrf the inverse of A in fp64, in place, both triangles. */
GK_API gk_status gk_potri(gk_device *device, int64_t n, double *a, int64_t lda);

/* Solves A X = B in fp64 from the factor of gk_potrf; B [n x columns] in place. */
GK_API gk_status gk_potrs(gk_device *device, int64_t n, const double *a, int64_t lda, int64_t columns, double *b, int64_t ldb);

/*
 * Y = L V R, the two-sided apply of a Kronecker-factored preconditioner: V, Y [rows x columns], L [rows x rows], R [columns x columns], all
 * without gaps; L and R symmetric. left may be NULL: the identity. workspace [rows * columns] may be NULL: then the call allocates it.
 */
GK_API gk_status gk_kronecker_apply(
    gk_device *device, int64_t rows, int64_t columns, const float *left, const float *right, const float *v, float *workspace, float *y);

/* ----------------------------------------------------------------------------------------------------------- convolutions */

/* Padding is zeros. Output height: (height + pad_top + pad_bottom - dilation_y (kernel_height - 1) - 1) / stride_y + 1, rounded down. */
typedef struct gk_convolution_shape {
    int64_t batch, height, width, in_channels, out_channels;
    int64_t kernel_height, kernel_width, stride_y, stride_x;
    int64_t pad_top, pad_left, pad_bottom, pad_right, dilation_y, dilation_x;
} gk_convolution_shape;

/* Height and width of the output. */
GK_API gk_status gk_convolution_output(const gk_convolution_shape *shape, int64_t *out_height, int64_t *out_width);

/* y = w * x + bias (optional, [out_channels]). */
GK_API gk_status gk_convolution_forward(
    gk_device *device, const gk_convolution_shape *shape, const float *x, const float *w, const float *bias, float *y);

/* dy = w * dx + dw * x + dbias (optional): the JVP at (x, w) along (dx, dw, dbias), as one product. */
GK_API gk_status gk_convolution_jvp(
    gk_device *device, const gk_convolution_shape *shape, const float *x, const float *w, const float *dx, const float *dw, const float *dbias,
    float *dy);

/* dx = adjoint of w applied to dy + beta dx. beta = 0 never reads dx. */
GK_API gk_status gk_convolution_input_gradient(
    gk_device *device, const gk_convolution_shape *shape, const float *dy, const float *w, float beta, float *dx);

/* dw[o, ky, kx, c] = sum over positions of dy[., o] x[patch, ky, kx, c] + beta dw. beta = 0 never reads dw. */
GK_API gk_status gk_convolution_weight_gradient(
    gk_device *device, const gk_convolution_shape *shape, const float *x, const float *dy, float beta, float *dw);

/*
 * Adds the sum over all patches a (order kh, kw, in) of all images of a a^T to sum, fp64 [d x d] with d = kernel_height kernel_width
 * in_channels, both triangles. homogeneous: a is followed by a 1, and d is one more. out_channels is not looked at.
 */
GK_API gk_status gk_patch_covariance(
    gk_device *device, const gk_convolution_shape *shape, const float *x, int32_t homogeneous, double *sum);

/* ---------------------------------------------------------------------------------------------------------- losses, flips */

/* The 2x2 table of old against new, and more. A row whose logits hold a NaN has no prediction and is never right. */
typedef struct gk_flip_counts {
    int64_t both_right, both_wrong, positive_flips, negative_flips;
    int64_t differ;                        /* rows whose predictions differ (churn) */
    int64_t undefined_old, undefined_new;  /* rows without a prediction */
} gk_flip_counts;

enum { GK_BASE_NONE = 0, GK_BASE_CROSS_ENTROPY = 1, GK_BASE_SQUARED = 2 };

enum {
    GK_DISTANCE_NONE = 0,
    GK_DISTANCE_KL_OLD_NEW = 1,      /* FD-KL: KL(p_old || p_new), p = softmax(z / temperature) */
    GK_DISTANCE_KL_NEW_OLD = 2,      /* FD-KL as the paper prints it */
    GK_DISTANCE_LOGIT_MATCHING = 3,  /* FD-LM: 1/2 |z_new - z_old|^2 */
    GK_DISTANCE_NAIVE = 4,           /* the base loss again, on rows that the old model has right */
    GK_DISTANCE_LDI = 5              /* logit difference inhibition: mean over top_k classes of max(|z_new - z_old| - margin, 0)^power */
};

enum { GK_RANK_BY_OLD = 0, GK_RANK_BY_NEW = 1, GK_RANK_BY_REFERENCE = 2 };

enum { GK_MEAN = 0, GK_SUM = 1 };

/*
 * One row's loss: base + distance_weight * w * D, w = focal_alpha + focal_beta [argmax z_old = label] (Yan et al., "Positive-Congruent
 * Training", CVPR 2021, eq. 4-9). Set it up with GK_LOSS_OPTIONS_DEFAULT.
 */
typedef struct gk_loss_options {
    int32_t base;            /* GK_BASE_... */
    int32_t distance;        /* GK_DISTANCE_... */
    int32_t reduction;       /* GK_MEAN over the rows that are not ignored, or GK_SUM */
    int32_t ignore_index;    /* a label that takes its row out */
    float label_smoothing;   /* of cross-entropy, in [0, 1) */
    float target_scale;      /* alpha of the squared loss 1/2 |z - alpha e_y|^2 */
    float distance_weight;   /* lambda >= 0 */
    float temperature;       /* of KL */
    float focal_alpha;       /* >= 0 */
    float focal_beta;        /* >= 0 */
    float margin;            /* of LDI, >= 0 */
    float power;             /* of LDI, >= 1 */
    int32_t temperature_squared; /* multiply KL by temperature^2 */
    int32_t top_k;           /* of LDI, >= 1 */
    int32_t rank_by;         /* of LDI, GK_RANK_BY_... */
    int32_t one_sided;       /* LDI counts only what moves towards a negative flip */
    int32_t exclude_true_class; /* LDI leaves the label's class out */
} gk_loss_options;

/* Mean of cross-entropy + FD-KL with the paper's weights. */
#define GK_LOSS_OPTIONS_DEFAULT \
    { GK_BASE_CROSS_ENTROPY, GK_DISTANCE_KL_OLD_NEW, GK_MEAN, -100, 0.f, 15.f, 1.f, 1.f, 1.f, 5.f, 0.f, 2.f, 0, 10, GK_RANK_BY_OLD, 0, 0 }

/* Means or sums as the options say, in nats where logarithms enter. */
typedef struct gk_loss_result {
    double loss;               /* base + lambda w D */
    double base;               /* the loss against the labels */
    double distance;           /* D without weights */
    double weighted_distance;  /* w D without lambda */
    int64_t valid_rows;        /* rows that are not ignored */
    int64_t undefined_rows;    /* of these, rows whose loss is NaN */
    gk_flip_counts flips;      /* zeros without old logits */
} gk_loss_result;

/*
 * Values, gradient with respect to the new logits, predictions and flips in one pass over [rows x classes] logits.
 *
 * options          NULL for the defaults.
 * old_logits       NULL where there is no old model: then distance must be GK_DISTANCE_NONE.
 * reference_logits what ranks the classes of LDI with GK_RANK_BY_REFERENCE, else NULL.
 * labels           [rows], each the ignore index or in [0, classes).
 * gradient         optional, [rows x classes] without gaps; zero on ignored rows. May be new_logits itself (ld_new = classes): in place.
 * per_sample       optional, [rows]: the rows' losses.
 * new_predictions  optional, [rows]: argmax, the lowest among equals, -1 where a row holds a NaN.
 * result           optional.
 */
GK_API gk_status gk_row_loss(
    gk_device *device, const gk_loss_options *options, int64_t rows, int64_t classes, const float *new_logits, int64_t ld_new,
    const float *old_logits, int64_t ld_old, const float *reference_logits, int64_t ld_reference, const int32_t *labels, float *gradient,
    float *per_sample, int32_t *new_predictions, int32_t *old_predictions, gk_loss_result *result);

/* Flips; per_class is optional, [classes]: one table for each label. Rows of ignore_index count nowhere. */
GK_API gk_status gk_flips_from_logits(
    gk_device *device, int64_t rows, int64_t classes, const float *old_logits, int64_t ld_old, const float *new_logits, int64_t ld_new,
    const int32_t *labels, int32_t ignore_index, gk_flip_counts *counts, gk_flip_counts *per_class);

/* The same from predictions; a negative one is never right. */
GK_API gk_status gk_flips_from_predictions(
    gk_device *device, int64_t rows, int64_t classes, const int32_t *old_predictions, const int32_t *new_predictions, const int32_t *labels,
    int32_t ignore_index, gk_flip_counts *counts, gk_flip_counts *per_class);

/*
 * Between all pairs of models: predictions [models x rows] -> negative [models x models], negative flips from model a (row) to model b
 * (column), and differ [models x models] (optional), samples on which they disagree.
 */
GK_API gk_status gk_pairwise_flips(
    gk_device *device, int64_t models, int64_t rows, const int32_t *predictions, const int32_t *labels, int32_t ignore_index,
    int64_t *negative, int64_t *differ);

typedef struct gk_linear_loss_options {
    int32_t reduction;         /* GK_MEAN or GK_SUM */
    int32_t ignore_index;
    float label_smoothing;     /* in [0, 1) */
    int32_t add_to_gradients;  /* add to the gradients given instead of overwriting them */
} gk_linear_loss_options;

#define GK_LINEAR_LOSS_OPTIONS_DEFAULT { GK_MEAN, -100, 0.f, 0 }

typedef struct gk_linear_loss_result {
    double loss;
    int64_t valid_rows, undefined_rows;
} gk_linear_loss_result;

/*
 * Cross-entropy of softmax(E W^T + b) with its gradients, the logits never in memory as a whole. E [rows x features], W [classes x
 * features], b [classes] (optional). Gradients, each optional, without gaps: of E [rows x features], of W [classes x features], of b.
 */
GK_API gk_status gk_linear_cross_entropy(
    gk_device *device, const gk_linear_loss_options *options, int64_t rows, int64_t features, int64_t classes, const float *embeddings,
    int64_t ld_embeddings, const float *weight, int64_t ld_weight, const float *bias, const int32_t *labels, float *embedding_gradient,
    float *weight_gradient, float *bias_gradient, float *per_sample, gk_linear_loss_result *result);

/*
 * For each of queries [query_rows x width] the k rows of gallery [gallery_rows x width] of the largest score q.x_j + offsets[j], best
 * first, the lowest index among equals; k at most 2048. offsets (optional): -1/2 |x_j|^2 makes the order that of Euclidean distances. excluded
 * (optional, [query_rows]): a gallery row that the query does not see, or negative. indices, scores [query_rows x k]; where fewer than k rows
 * have a score that is a number, -1 and NaN.
 */
GK_API gk_status gk_top_k(
    gk_device *device, int64_t query_rows, int64_t gallery_rows, int64_t width, int64_t k, const float *queries, const float *gallery,
    const float *offsets, const int32_t *excluded, int32_t *indices, float *scores);

/* ------------------------------------------------------------------------------------------- networks and graceful updates */

/* A network with its weights. */
typedef struct gk_network gk_network;

/* A network linearised around its weights on some images: f(x; w0) + J(x) d. */
typedef struct gk_linearized gk_linearized;

/* Kronecker factors of the curvature of a linearised network. */
typedef struct gk_factors gk_factors;

/* A network and an update d of its weights: predicts f(x; w0) + J(x) d. */
typedef struct gk_model gk_model;

/*
 * path        an ONNX file, UTF-8.
 * leaky_slope what every ReLU becomes: a leaky one of this slope (LQF wants one, 0.2 say), 0 to keep ReLUs as they are.
 */
GK_API gk_status gk_network_load(gk_device *device, const char *path, float leaky_slope, gk_network **network);

typedef struct gk_network_info {
    int64_t height, width, channels;  /* of an input image; 1, 1, features for a network on vectors */
    int64_t outputs, parameters;
} gk_network_info;

GK_API gk_status gk_network_describe(gk_network *network, gk_network_info *info);

/*
 * The network with a new linear head for these classes, fitted to the labels by ridge regression on its features. lambda > 0, or 0: chosen by
 * leave-one-out. Every class needs a sample.
 */
GK_API gk_status gk_network_with_head(
    gk_network *network, const float *images, const int32_t *labels, int64_t count, int64_t classes, double lambda, gk_network **with_head);

/* outputs [count x outputs] of images [count, height, width, channels]. */
GK_API gk_status gk_network_predict(gk_network *network, const float *images, int64_t count, float *outputs);

GK_API gk_status gk_network_close(gk_network *network);

/* Copies nothing but the images' activations into memory of its own. */
GK_API gk_status gk_linearize(gk_network *network, const float *images, int64_t count, gk_linearized **linearized);

/* outputs [count x outputs] = J update; update [parameters] in the order of the ONNX file's weights as the network holds them. */
GK_API gk_status gk_linearized_jvp(gk_linearized *linearized, const float *update, float *outputs);

/* update [parameters] = J^T cotangent; cotangent [count x outputs]. */
GK_API gk_status gk_linearized_vjp(gk_linearized *linearized, const float *cotangent, float *update);

GK_API gk_status gk_linearized_close(gk_linearized *linearized);

GK_API gk_status gk_factors_compute(gk_linearized *linearized, gk_factors **factors);
GK_API gk_status gk_factors_save(gk_factors *factors, const char *path);
GK_API gk_status gk_factors_close(gk_factors *factors);

typedef struct gk_solve_options {
    double lambda;       /* weight decay, > 0 */
    double damping;      /* of the preconditioner, > 0; 0 takes lambda */
    double lambda_pc;    /* weight of the rows that keep the old model's logits, >= 0; used with old logits only */
    double focal_alpha, focal_beta;
    double target_scale; /* of the targets alpha e_y */
    double tolerance;    /* of the relative gradient */
    int64_t max_iterations;
} gk_solve_options;

#define GK_SOLVE_OPTIONS_DEFAULT { 1e-2, 0, 1, 1, 5, 15, 1e-3, 200 }

typedef struct gk_solve_result {
    double loss, relative_gradient;
    int64_t iterations;
    int32_t converged; /* 0: stopped at max_iterations */
} gk_solve_result;

/*
 * The update that minimises the squared loss of the linearised network: one convex problem, by preconditioned conjugate gradients.
 *
 * factors     NULL: not preconditioned.
 * labels      [count of gk_linearize]; every output is the class of one label or more.
 * old_logits  optional, [count x outputs] without gaps: positive-congruent LQF. Multiplied by the one factor that fits them to the targets.
 * options     NULL for the defaults.
 * result      optional.
 */
GK_API gk_status gk_solve(
    gk_linearized *linearized, gk_factors *factors, const int32_t *labels, const float *old_logits, const gk_solve_options *options,
    gk_model **model, gk_solve_result *result);

/* All of it in one call: a head for the classes, lambda by exact leave-one-out, the optimum of the convex problem. */
GK_API gk_status gk_fine_tune(gk_network *network, const float *images, const int32_t *labels, int64_t count, int64_t classes, gk_model **model);

/* Of the network that the model updates: sizes of an image, of the outputs and of the update. */
GK_API gk_status gk_model_describe(gk_model *model, gk_network_info *info);

/* outputs [count x outputs]. */
GK_API gk_status gk_model_predict(gk_model *model, const float *images, int64_t count, float *outputs);

/* Copies d to update [parameters]. */
GK_API gk_status gk_model_update(gk_model *model, float *update, int64_t parameters);

/* A folder with network.onnx and update.safetensors; written aside and renamed. */
GK_API gk_status gk_model_save(gk_model *model, const char *folder);
GK_API gk_status gk_model_load(gk_device *device, const char *folder, gk_model **model);
GK_API gk_status gk_model_close(gk_model *model);

#ifdef __cplusplus
}
#endif

#endif
