"""Products, Cholesky, convolutions and search against float64 NumPy and torch, within the bounds that hold for any order of sums."""

import itertools
import unittest

import numpy as np

import support
from support import gk

U32, U64 = 2.0 ** -24, 2.0 ** -53


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


class DenseTests(unittest.TestCase):
    def close(self, got, expected, magnitude, steps):
        """Within γ_steps of the sum of magnitudes: the bound of a product of that inner size."""
        self.assertEqual(got.shape, expected.shape)
        self.assertTrue((np.abs(got - expected) <= (steps + 4) * U32 * magnitude).all())

    def test_gemm(self):
        for m, n, k in ((1, 1, 1), (3, 5, 7), (64, 33, 129), (17, 1, 300), (1, 40, 2)):
            for ta, tb in itertools.product((False, True), repeat=2):
                a = normal(k, m, seed=1).T if ta else normal(m, k, seed=1)
                b = normal(n, k, seed=2).T if tb else normal(k, n, seed=2)
                c = normal(m, n, seed=3)
                wide, size = (x.astype(np.float64) for x in (a, b)), np.abs(a.astype(float)) @ np.abs(b)
                product = np.matmul(*wide)
                self.close(gk.gemm(a, b), product, size, k)
                got = gk.gemm(a, b, c.copy(), alpha=np.float32(0.5), beta=-2)  # numbers of any kind
                self.close(got, 0.5 * product - 2.0 * c, 0.5 * size + 2.0 * np.abs(c), k)

    def test_gemm_of_views(self):
        big = normal(40, 50)
        a, b = big[3:20, 5:30], big[1:26, 2:13]
        self.close(gk.gemm(a, b), a.astype(float) @ b, np.abs(a).astype(float) @ np.abs(b), 25)
        self.close(gk.gemm(a.T, big[3:20, :6]), a.T.astype(float) @ big[3:20, :6],
                   np.abs(a.T).astype(float) @ np.abs(big[3:20, :6]), 17)

    def test_gemm_with_beta_0_does_not_read(self):
        a, b = normal(4, 4), normal(4, 4, seed=1)
        self.assertTrue(np.array_equal(gk.gemm(a, b, np.full((4, 4), np.nan, np.float32)), gk.gemm(a, b)))

    def test_syrk(self):
        for rows, columns in ((5, 9), (33, 12)):
            x = normal(rows, columns)
            for view in (x, x.T):
                expected, size = view.astype(float) @ view.T, np.abs(view).astype(float) @ np.abs(view.T)
                got = gk.syrk(view)
                self.close(np.tril(got), np.tril(expected), size, view.shape[1])
                self.assertFalse(np.triu(got, 1).any())
                c = np.full(expected.shape, np.float32(3))
                gk.syrk(view, c, alpha=2.0, beta=1.0)
                self.close(np.tril(c), np.tril(2 * expected + 3), 2 * size + 3, view.shape[1])
                self.assertTrue((c[np.triu_indices_from(c, 1)] == 3).all())

    def test_cholesky(self):
        for n in (1, 7, 65):
            x = normal(n, n + 3).astype(np.float64)
            a = x @ x.T + np.eye(n)
            factor = a.copy()
            self.assertIs(gk.potrf(factor), factor)
            lower = np.tril(factor)
            bound = (n + 4) * U64 * (np.abs(lower) @ np.abs(lower.T))
            self.assertTrue((np.abs(lower @ lower.T - a) <= 2 * bound).all())
            np.testing.assert_array_equal(np.triu(factor, 1), np.triu(a, 1))
            condition = np.linalg.cond(a)
            b = normal(n, 5, seed=4).astype(np.float64)
            solved = gk.potrs(factor, b.copy())
            self.assertLessEqual(np.abs(a @ solved - b).max(), 8 * n * U64 * condition * np.abs(b).max())
            np.testing.assert_array_equal(gk.potrs(factor, b[:, 0].copy()), solved[:, 0])
            inverse = gk.potri(factor)
            self.assertLessEqual(np.abs(inverse @ a - np.eye(n)).max(), 8 * n * U64 * condition)
            np.testing.assert_array_equal(inverse, inverse.T)

    def test_kronecker_apply(self):
        left, right, v = normal(9, 9), normal(13, 13, seed=1), normal(9, 13, seed=2)
        left, right = left + left.T, right + right.T
        exact = left.astype(float) @ v @ right
        size = np.abs(left).astype(float) @ np.abs(v) @ np.abs(right)
        self.close(gk.kronecker_apply(left, right, v), exact, size, 9 + 13)
        out, workspace = np.empty_like(v), np.empty_like(v)
        self.assertIs(gk.kronecker_apply(left, right, v, out, workspace=workspace), out)
        self.close(out, exact, size, 9 + 13)
        self.close(gk.kronecker_apply(None, right, v), v.astype(float) @ right,
                   np.abs(v).astype(float) @ np.abs(right), 13)

    def test_top_k(self):
        queries, gallery = normal(6, 16), normal(300, 16, seed=1)
        gallery[200] = gallery[7]
        scores = queries.astype(float) @ gallery.T
        indices, got = gk.top_k(queries, gallery, 5)
        self.assertEqual((indices.dtype, got.dtype), (np.int32, np.float32))
        np.testing.assert_array_equal(indices, np.argsort(-scores, 1, kind="stable")[:, :5])
        bound = 20 * U32 * (np.abs(queries).astype(float) @ np.abs(gallery.T))
        rows = np.arange(6)[:, None]
        self.assertTrue((np.abs(got - scores[rows, indices]) <= bound[rows, indices]).all())
        # Euclidean by offsets; a query that is in the gallery does not see itself.
        offsets = -0.5 * (gallery.astype(float) ** 2).sum(1)
        nearest, _ = gk.top_k(gallery[:6], gallery, 1, offsets=offsets.astype(np.float32))
        np.testing.assert_array_equal(nearest[:, 0], np.arange(6))
        others, _ = gk.top_k(gallery[:6], gallery, 1, offsets=offsets.astype(np.float32), excluded=np.arange(6))
        distances = ((gallery[:6, None].astype(float) - gallery[None]) ** 2).sum(2)
        distances[np.arange(6), np.arange(6)] = np.inf
        np.testing.assert_array_equal(others[:, 0], distances.argmin(1))
        few, few_scores = gk.top_k(queries, gallery[:2], 3)
        self.assertTrue((few[:, 2] == -1).all() and np.isnan(few_scores[:, 2]).all())


class ConvolutionTests(unittest.TestCase):
    CASES = (
        # height, width, in, out, kernel, stride, padding, dilation
        (8, 8, 3, 5, (3, 3), 1, 1, 1),
        (9, 7, 4, 6, (3, 2), (2, 1), (1, 0), 1),
        (11, 10, 8, 8, (3, 3), 1, 2, 2),
        (6, 6, 9, 2, (1, 1), 2, 0, 1),
    )

    @classmethod
    def setUpClass(cls):
        cls.torch = support.need_torch()

    def test_forward_jvp_and_gradients(self):
        torch = self.torch
        conv = torch.nn.functional.conv2d
        for h, w, c, o, kernel, stride, padding, dilation in self.CASES:
            options = {"stride": stride, "padding": padding, "dilation": dilation}
            x, dx = (torch.from_numpy(normal(3, c, h, w, seed=s)) for s in (1, 2))
            k, dk = (torch.from_numpy(normal(o, c, *kernel, seed=s)) for s in (3, 4))
            bias = torch.from_numpy(normal(o, seed=5))
            # torch's NCHW in channels-last memory, seen as NHWC: no copy.
            nhwc = [t.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1) for t in (x, k, dx, dk)]
            exact_x, exact_k = x.double().requires_grad_(), k.double().requires_grad_()
            expected = conv(exact_x, exact_k, bias.double(), **options)
            steps = c * kernel[0] * kernel[1] + 4

            def close(got, want, size):
                want, size = (t.detach().permute(0, 2, 3, 1) for t in (want, size))
                self.assertEqual(got.shape, want.shape)
                self.assertTrue(((got - want).abs() <= steps * U32 * size).all())

            size = conv(x.double().abs(), k.double().abs(), bias.double().abs(), **options)
            y = gk.convolution_forward(nhwc[0], nhwc[1], bias, **options)
            close(y, expected, size)
            steps = 2 * c * kernel[0] * kernel[1] + 4
            tangent = conv(dx.double(), k.double(), **options) + conv(x.double(), dk.double(), **options)
            size = (conv(dx.double().abs(), k.double().abs(), **options)
                    + conv(x.double().abs(), dk.double().abs(), **options))
            close(gk.convolution_jvp(*nhwc[:2], *nhwc[2:], **options), tangent, size)

            dy = torch.from_numpy(normal(*expected.shape, seed=6))
            expected.backward(dy.double())
            gradients = exact_x.grad, exact_k.grad
            exact_x, exact_k = x.double().abs().requires_grad_(), k.double().abs().requires_grad_()
            conv(exact_x, exact_k, **options).backward(dy.double().abs())
            flat = dy.permute(0, 2, 3, 1).contiguous()
            steps = o * kernel[0] * kernel[1] + 4
            got = gk.convolution_input_gradient(flat, nhwc[1], (h, w), **options)
            close(got, gradients[0], exact_x.grad)
            steps = dy.numel() // o + 4
            got = gk.convolution_weight_gradient(nhwc[0], flat, kernel, **options)
            close(got, gradients[1], exact_k.grad)
            twice = gk.convolution_weight_gradient(nhwc[0], flat, kernel, got.clone(), beta=1.0, **options)
            close(twice, 2 * gradients[1], 3 * exact_k.grad)

    def test_patch_covariance(self):
        torch = self.torch
        for h, w, c, _, kernel, stride, padding, dilation in self.CASES:
            x = torch.from_numpy(normal(3, c, h, w, seed=7))
            patches = torch.nn.functional.unfold(x.double(), kernel, dilation, padding, stride)
            # [n, c kh kw, positions] -> [positions, kh kw c]
            patches = patches.reshape(3, c, -1, patches.shape[2]).permute(0, 3, 2, 1).reshape(-1, patches.shape[1])
            for homogeneous in (False, True):
                a = torch.cat([patches, torch.ones(len(patches), 1)], 1) if homogeneous else patches
                expected = a.T @ a
                options = {"stride": stride, "padding": padding, "dilation": dilation, "homogeneous": homogeneous}
                nhwc = x.permute(0, 2, 3, 1).contiguous()
                got = gk.patch_covariance(nhwc, kernel, **options)
                self.assertEqual(got.dtype, torch.float64)
                # fp32 over fixed stretches, fp64 over these: 1e-6 in norm.
                self.assertLessEqual((got - expected).norm(), 1e-6 * expected.norm())
                gk.patch_covariance(nhwc, kernel, got, **options)
                self.assertLessEqual((got - 2 * expected).norm(), 2e-6 * expected.norm())


if __name__ == "__main__":
    unittest.main()
