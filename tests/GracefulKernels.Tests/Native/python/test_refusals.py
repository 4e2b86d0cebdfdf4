"""Bad input: an error that names the argument, and nothing written."""

import math
import unittest

import numpy as np

import support
from support import gk


def floats(*shape):
    return np.zeros(shape, np.float32)


class ArrayTests(unittest.TestCase):
    def setUp(self):
        self.new, self.old, self.labels = support.logits(8, 5, 1)

    def refused(self, error, text, *args, **kwargs):
        """row_loss refuses, and the gradient that it was given is as before."""
        gradient = kwargs.setdefault("gradient", np.full((8, 5), 7, np.float32))
        before = np.array(gradient) if isinstance(gradient, np.ndarray) else None
        with self.assertRaisesRegex(error, text):
            gk.row_loss(*args, **kwargs)
        if before is not None:
            np.testing.assert_array_equal(gradient, before)

    def test_types(self):
        for dtype in (np.float64, np.float16, np.int32, np.complex64, bool, ">f4"):
            name = str(np.dtype(dtype))
            self.refused(TypeError, f"^logits is of type {name}; expected float32",
                         self.new.astype(dtype), self.labels)
        self.refused(TypeError, "^old_logits is of type float64", self.new, self.labels,
                     self.old.astype(np.float64))
        for dtype in (np.float32, np.int16, np.uint8, np.uint64):
            self.refused(TypeError, f"^labels is of type {np.dtype(dtype)}; expected int32 or int64",
                         self.new, self.labels.astype(dtype))
        self.refused(TypeError, "^labels is of type float32", self.new, np.full(8, np.nan, np.float32))
        self.refused(TypeError, "^gradient is of type float64", self.new, self.labels,
                     gradient=np.zeros((8, 5)))
        self.refused(TypeError, "^logits is a list", [[1.0, 2.0]], self.labels)
        self.refused(TypeError, "^logits is a NoneType", None, self.labels)
        self.refused(TypeError, "^logits is a masked array", np.ma.masked_array(self.new), self.labels)
        with self.assertRaisesRegex(TypeError, "option.*distnace|'distnace'"):
            gk.row_loss(self.new, self.labels, distnace="none")

    def test_shapes(self):
        self.refused(ValueError, r"^logits has shape \(8,\); expected a matrix", self.new[:, 0], self.labels)
        self.refused(ValueError, r"^logits has shape \(8, 5, 1\)", self.new[:, :, None], self.labels)
        self.refused(ValueError, r"^old_logits has shape \(7, 5\); expected \(8, 5\)", self.new, self.labels,
                     self.old[:7])
        self.refused(ValueError, r"^old_logits has shape \(8, 4\); expected \(8, 5\)", self.new, self.labels,
                     self.old[:, :4])
        self.refused(ValueError, r"^labels has shape \(7,\); expected \(8,\)", self.new, self.labels[:7])
        self.refused(ValueError, r"^labels has shape \(8, 1\)", self.new, self.labels[:, None])
        self.refused(ValueError, r"^gradient has shape \(5, 8\); expected \(8, 5\)", self.new, self.labels,
                     gradient=floats(5, 8))
        self.refused(ValueError, r"^per_sample has shape \(9,\); expected \(8,\)", self.new, self.labels,
                     per_sample=floats(9))

    def test_strides(self):
        self.refused(ValueError, r"^logits of shape \(8, 5\) and strides \(-5, 1\): negative",
                     self.new[::-1], self.labels)
        self.refused(ValueError, r"^logits of shape \(8, 5\) and strides \(1, 8\): the elements of a row",
                     np.asfortranarray(self.new), self.labels)
        self.refused(ValueError, r"^logits of shape \(8, 3\) and strides \(5, 2\)", self.new[:, ::2], self.labels)
        for shape, strides in (((8, 5), (0, 4)), ((8, 5), (16, 4)), ((8, 5), (4, 4))):
            overlapping = np.lib.stride_tricks.as_strided(self.new, shape, strides)
            self.refused(ValueError, "^logits of .*without overlap", overlapping, self.labels)
        self.refused(ValueError, "^logits has strides of .* bytes, not whole elements",
                     np.lib.stride_tricks.as_strided(self.new, (2, 2), (6, 4)), self.labels[:2])
        self.refused(ValueError, "^labels of .*: expected a dense", self.new, np.repeat(self.labels, 2)[::2])
        self.refused(ValueError, "^gradient of .*: expected a dense", self.new, self.labels,
                     gradient=floats(8, 10)[:, :5])
        shifted = np.frombuffer(bytearray(8 * 5 * 4 + 1), np.uint8)[1:].view(np.float32).reshape(8, 5)
        self.refused(ValueError, "^logits lies at address .*, not aligned", shifted, self.labels)

    def test_memory_that_may_not_be_written(self):
        frozen = floats(8, 5)
        frozen.flags.writeable = False
        self.refused(ValueError, "^gradient is read-only", self.new, self.labels, gradient=frozen)
        gk.row_loss(*(self._frozen(a) for a in (self.new, self.labels, self.old)))
        with self.assertRaisesRegex(ValueError, "^a is read-only"):
            gk.potrf(self._frozen(np.eye(3)))

    @staticmethod
    def _frozen(array):
        array = array.copy()
        array.flags.writeable = False
        return array

    def test_outputs_that_overlap(self):
        both = np.zeros((16, 5), np.float32)
        both[:8] = self.new
        with self.assertRaisesRegex(gk.GracefulError, "gradient.*overlap|overlap.*gradient") as caught:
            gk.row_loss(both[:8], self.labels, gradient=both[1:9])
        self.assertEqual(caught.exception.status, "GK_INVALID_ARGUMENT")
        np.testing.assert_array_equal(both[:8], self.new)
        self.refused(gk.GracefulError, "overlap", self.new, self.labels, self.old, gradient=self.old)
        a = np.ones((4, 4), np.float32)
        with self.assertRaisesRegex(gk.GracefulError, "overlap"):
            gk.gemm(a, a, a)

    def test_labels(self):
        for bad in (5, -1, 2 ** 31 - 1):
            labels = self.labels.copy()
            labels[3] = bad
            self.refused(gk.GracefulError, f"label.*{bad}", self.new, labels)
        for bad in (2 ** 31, -2 ** 31 - 1, 2 ** 32 + 1):
            labels = self.labels.astype(np.int64)
            labels[3] = bad
            self.refused(ValueError, rf"^labels\[3\] = {bad} does not fit int32", self.new, labels)

    def test_options(self):
        for options, text in (
                ({"base": "mse"}, "base is 'mse'"), ({"distance": "kl"}, "distance is 'kl'; .*'kl_old_new'"),
                ({"reduction": "none"}, "reduction is 'none'"), ({"rank_by": None}, "rank_by is None"),
                ({"top_k": 2 ** 32 + 1}, "top_k is 4294967297; expected an int32"),
                ({"ignore_index": -2 ** 40}, "ignore_index is")):
            self.refused(ValueError, text, self.new, self.labels, self.old, **options)
        for name, value in (("temperature", 0.0), ("temperature", math.nan), ("focal_beta", -1.0),
                            ("focal_alpha", math.inf), ("label_smoothing", 1.0), ("distance_weight", -1.0)):
            self.refused(gk.GracefulError, "(?i)" + name.replace("_", "[_ ]?"), self.new, self.labels,
                         self.old, **{name: value})
        for name, value in (("power", 0.5), ("margin", -1.0), ("top_k", 0)):
            self.refused(gk.GracefulError, "(?i)" + name.replace("_", "[_ ]?"), self.new, self.labels,
                         self.old, distance="ldi", **{name: value})

    def test_what_needs_old_or_reference_logits(self):
        self.refused(gk.GracefulError, "old_logits", self.new, self.labels, distance="kl_old_new")
        self.refused(gk.GracefulError, "old", self.new, self.labels, old_predictions=True)
        self.refused(gk.GracefulError, "reference", self.new, self.labels, self.old, distance="ldi",
                     rank_by="reference")

    def test_tensors_elsewhere(self):
        for device, name in (((2, 0), "cuda:0"), ((2, 3), "cuda:3"), ((10, 1), "rocm:1"), ((8, 0), "metal:0"),
                             ((99, 0), "device type 99:0")):
            for versioned in (False, True):
                tensor = support.Tensor(self.new, versioned, device)
                self.refused(ValueError, f"^logits is on {name}", tensor, self.labels)
                self.assertEqual(tensor.deleted, 0)  # asked before anything was taken over
                self.refused(ValueError, f"^logits is on {name}", tensor.capsule(), self.labels)
                self.assertEqual(tensor.deleted, 1)

    def test_types_of_dlpack(self):
        for code, name in ((1, "uint32"), (4, "bfloat32"), (5, "complex32"), (66, "type code 66, 32")):
            self.refused(TypeError, f"^logits is of type {name}", support.Tensor(self.new, code=code), self.labels)
        tensor = support.Tensor(self.new)
        tensor.managed.dl_tensor.dtype.lanes = 4
        self.refused(TypeError, "^logits is of type float32x4", tensor, self.labels)

    def test_capsules_of_something_else(self):
        import datetime
        self.refused(TypeError, "^logits is a capsule b'datetime", datetime.datetime_CAPI, self.labels)

    def test_tensors_of_torch(self):
        torch = support.need_torch()
        new, labels = torch.from_numpy(self.new), torch.from_numpy(self.labels).long()
        for wrong, error, text in (
                (new.double(), TypeError, "^logits is of type float64"),
                (new.half(), TypeError, "^logits is of type float16"),
                (new.bfloat16(), TypeError, "^logits is of type bfloat16"),
                (new.to("meta"), ValueError, "^logits is on meta"),
                (new.to_sparse(), TypeError, "^logits has layout torch.sparse_coo"),
                (new.clone().requires_grad_(), ValueError, "^logits requires grad"),
                (new.t(), ValueError, r"^logits of shape \(5, 8\) and strides \(1, 5\)"),
                (new[:1].expand(8, 5), ValueError, r"^logits of shape \(8, 5\) and strides \(0, 1\)"),
                (torch.complex(new, new).conj().imag, ValueError, "^logits is a view with a pending negation")):
            self.refused(error, text, wrong, labels)
        self.refused(TypeError, "^labels is of type float32", new, labels.float())


class FunctionTests(unittest.TestCase):
    def check(self, error, text, function, *args, **kwargs):
        with self.assertRaisesRegex(error, text):
            function(*args, **kwargs)

    def test_dense(self):
        a, b = floats(3, 4), floats(4, 5)
        self.check(ValueError, r"^a has shape \(3, 4\) and b \(3, 4\)", gk.gemm, a, a)
        self.check(ValueError, r"^c has shape \(5, 3\); expected \(3, 5\)", gk.gemm, a, b, floats(5, 3))
        self.check(ValueError, "^beta is 1.0, but there is no c", gk.gemm, a, b, beta=1.0)
        self.check(ValueError, r"^c has shape \(4, 4\); expected \(3, 3\)", gk.syrk, a, floats(4, 4))
        self.check(ValueError, r"^a has shape \(3, 4\); expected a square", gk.potrf, np.zeros((3, 4)))
        self.check(TypeError, "^a is of type float32; expected float64", gk.potrf, floats(3, 3))
        self.check(ValueError, "^a of shape", gk.potrf, np.eye(3, order="F") + np.asfortranarray(np.eye(3)))
        self.check(ValueError, r"^b has shape \(4,\); expected \(3,\)", gk.potrs, np.eye(3), np.zeros(4))
        self.check(ValueError, r"^left has shape \(4, 4\); expected \(3, 3\)", gk.kronecker_apply,
                   floats(4, 4), floats(4, 4), floats(3, 4))

    def test_not_positive_definite(self):
        a = np.diag([4.0, 1.0, -1.0, 9.0])
        with self.assertRaises(gk.NotPositiveDefiniteError) as caught:
            gk.potrf(a)
        self.assertEqual(caught.exception.pivot, 2)
        self.assertEqual(caught.exception.status, "GK_NOT_POSITIVE_DEFINITE")

    def test_convolutions(self):
        x, w = floats(2, 6, 6, 3), floats(4, 3, 3, 3)
        forward = gk.convolution_forward
        self.check(ValueError, r"^w has shape \(4, 3, 3, 2\); expected \(\*, \*, \*, 3\)", forward, x, floats(4, 3, 3, 2))
        self.check(ValueError, r"^x has shape \(6, 6, 3\)", forward, x[0], w)
        self.check(ValueError, r"^x of shape .*: expected a dense", forward, floats(2, 6, 6, 6)[..., :3], w)
        self.check(ValueError, r"^bias has shape \(3,\); expected \(4,\)", forward, x, w, floats(3))
        self.check(ValueError, r"^out has shape \(2, 6, 6, 4\); expected \(2, 4, 4, 4\)", forward, x, w, None,
                   floats(2, 6, 6, 4))
        self.check(ValueError, r"^stride is \(1, 2, 3\)", forward, x, w, stride=(1, 2, 3))
        self.check(gk.GracefulError, "stride", forward, x, w, stride=0)
        self.check(gk.GracefulError, "pad", forward, x, w, padding=-1)
        self.check(gk.GracefulError, "kernel|height|output", forward, floats(2, 2, 2, 3), w)
        self.check(ValueError, r"^dy has shape \(2, 6, 6, 4\); expected \(2, 4, 4, 4\)",
                   gk.convolution_input_gradient, floats(2, 6, 6, 4), w, 6)
        self.check(ValueError, r"^sum|^out has shape \(26, 26\); expected \(27, 27\)",
                   gk.patch_covariance, x, 3, np.zeros((26, 26)))

    def test_search(self):
        q, g = floats(2, 4), floats(9, 4)
        for k in (0, -1, 2049):
            self.check(ValueError, f"^k is {k}; expected 1 to 2048", gk.top_k, q, g, k)
        self.check(ValueError, r"^gallery has shape \(9, 4\); expected \(\*, 3\)", gk.top_k, floats(2, 3), g, 1)
        self.check(ValueError, r"^offsets has shape \(8,\)", gk.top_k, q, g, 1, offsets=floats(8))
        self.check(TypeError, "^scores is of type float64", gk.top_k, q, g, 1, scores=np.zeros((2, 1)))

    def test_linear(self):
        e, w, y = floats(4, 3), floats(5, 3), np.zeros(4, np.int32)
        self.check(ValueError, r"^weight has shape \(5, 2\); expected \(\*, 3\)", gk.linear_cross_entropy, e, w[:, :2], y)
        self.check(ValueError, "^embedding_gradient is True; with add_to_gradients", gk.linear_cross_entropy,
                   e, w, y, add_to_gradients=True)
        self.check(ValueError, "^reduction is 'none'", gk.linear_cross_entropy, e, w, y, reduction="none")

    def test_flips(self):
        old = np.zeros(4, np.int64)
        self.check(ValueError, r"^old_predictions has shape \(3,\); expected \(4,\)", gk.flips_from_predictions,
                   old[:3], old, old, 2)
        self.check(gk.GracefulError, "classes|label", gk.flips_from_predictions, old, old, old, 0)
        self.check(ValueError, r"^predictions has shape \(4,\)", gk.pairwise_flips, old, old)
        with self.assertRaisesRegex(ValueError, "tables of 0 and 2 classes"):
            gk.FlipCounts() + gk.FlipCounts(per_class=(gk.FlipCounts(),) * 2)


class HandleTests(unittest.TestCase):
    def test_a_closed_device(self):
        with gk.Device(threads=1) as device:
            gk.gemm(floats(2, 2), floats(2, 2), device=device)
        device.close()  # again: nothing
        self.assertIn("closed", repr(device))
        with self.assertRaisesRegex(gk.GracefulError, "this Device is closed") as caught:
            gk.gemm(floats(2, 2), floats(2, 2), device=device)
        self.assertEqual(caught.exception.status, "GK_INVALID_HANDLE")

    def test_devices_that_are_not_here(self):
        for simd, threads in (("avx1024", 1), ("", 1), (None, -1), (None, 1025)):
            with self.assertRaises(gk.GracefulError) as caught:
                gk.Device(simd, threads)
            self.assertIn(caught.exception.status, ("GK_INVALID_ARGUMENT", "GK_NOT_SUPPORTED"))
        with self.assertRaisesRegex(ValueError, "threads is"):
            gk.Device(threads=2 ** 32)

    def test_the_default_device_is_opened_again(self):
        first = gk.default_device()
        self.assertIs(gk.default_device(), first)
        first.close()
        self.assertIsNot(gk.default_device(), first)
        gk.gemm(floats(2, 2), floats(2, 2))


if __name__ == "__main__":
    unittest.main()
