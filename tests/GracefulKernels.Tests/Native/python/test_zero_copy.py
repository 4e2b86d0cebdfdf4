"""The caller's memory is read and written where it lies; DLPack capsules go back exactly once."""

import gc
import subprocess
import sys
import tracemalloc
import unittest

import numpy as np

import support
from support import gk


class DlpackTests(unittest.TestCase):
    def setUp(self):
        self.new, self.old, self.labels = support.logits(12, 5, 1)
        self.expected = gk.row_loss(self.new, self.labels, self.old)

    def test_capsules_of_both_kinds(self):
        for versioned in (False, True):
            with self.subTest(versioned=versioned):
                new, old, labels = (support.Tensor(a, versioned) for a in (
                    self.new, self.old, self.labels))
                result = gk.row_loss(new.capsule(), labels.capsule(), old.capsule())
                self.assertEqual(result.loss, self.expected.loss)
                np.testing.assert_array_equal(result.gradient, self.expected.gradient)
                self.assertEqual([t.deleted for t in (new, old, labels)], [1, 1, 1])

    def test_objects_that_speak_dlpack(self):
        tensor = support.Tensor(self.new)
        self.assertEqual(gk.row_loss(tensor, self.labels, self.old).loss, self.expected.loss)
        self.assertEqual(tensor.deleted, 1)
        gk.row_loss(tensor, self.labels, self.old)  # a new capsule each time
        self.assertEqual(tensor.deleted, 2)

    def test_objects_from_before_the_protocol_had_versions(self):
        class Older(support.Tensor):
            def __dlpack__(self, stream=None):
                return self.capsule()

        tensor = Older(self.new)
        self.assertEqual(gk.row_loss(tensor, self.labels, self.old).loss, self.expected.loss)
        self.assertEqual(tensor.deleted, 1)

    def test_a_consumed_capsule_is_refused(self):
        for versioned in (False, True):
            tensor = support.Tensor(self.new, versioned)
            capsule = tensor.capsule()
            gk.row_loss(capsule, self.labels)
            with self.assertRaisesRegex(ValueError, "logits is a DLPack capsule that has been consumed"):
                gk.row_loss(capsule, self.labels)
            del capsule
            gc.collect()
            self.assertEqual(tensor.deleted, 1)

    def test_the_deleter_is_called_once_after_a_refusal(self):
        for wrong in ({"code": 1}, {"code": 77}, {"device": (2, 0)}, {"major": 2, "versioned": True}):
            with self.subTest(**wrong):
                tensor = support.Tensor(self.new, **wrong)
                with self.assertRaisesRegex((TypeError, ValueError), "^old_logits"):
                    gk.row_loss(self.new, self.labels, tensor.capsule())
                self.assertEqual(tensor.deleted, 1)
        tensor = support.Tensor(self.new)
        with self.assertRaisesRegex(gk.GracefulError, "label"):
            gk.row_loss(tensor.capsule(), self.labels + 99)
        self.assertEqual(tensor.deleted, 1)

    def test_a_capsule_that_nobody_took_over_stays_its_owners(self):
        tensor = support.Tensor(self.new)
        capsule = tensor.capsule()
        with self.assertRaises(TypeError):
            gk.row_loss(np.zeros((12, 5)), self.labels, capsule)  # refused before the capsule's turn
        self.assertEqual(tensor.deleted, 0)
        gk.row_loss(capsule, self.labels)
        self.assertEqual(tensor.deleted, 1)

    def test_strides_offsets_and_compact_tensors(self):
        wide = np.zeros((12, 9), np.float32)
        wide[:, 2:7] = self.new
        for tensor in (support.Tensor(wide[:, 2:7]), support.Tensor(wide[:, 2:7], byte_offset=64),
                       support.Tensor(self.new, strides=False), support.Tensor(self.new, True, device=(3, 0))):
            self.assertEqual(gk.row_loss(tensor, self.labels, self.old).loss, self.expected.loss)
            self.assertEqual(tensor.deleted, 1)

    def test_outputs_through_capsules(self):
        gradient = np.full((12, 5), 7, np.float32)
        for versioned in (False, True):
            tensor = support.Tensor(gradient, versioned)
            gk.row_loss(self.new, self.labels, self.old, gradient=tensor.capsule())
            np.testing.assert_array_equal(gradient, self.expected.gradient)
            self.assertEqual(tensor.deleted, 1)
            gradient.fill(7)

    def test_read_only_and_copied_tensors_are_not_written(self):
        for flags in (1, 2, 3):
            tensor = support.Tensor(np.zeros((12, 5), np.float32), versioned=True, flags=flags)
            with self.assertRaisesRegex(ValueError, "gradient is read-only"):
                gk.row_loss(self.new, self.labels, gradient=tensor.capsule())
            self.assertEqual(tensor.deleted, 1)
            self.assertFalse(tensor.array.any())
        frozen = support.Tensor(self.new, versioned=True, flags=1)  # but read
        self.assertEqual(gk.row_loss(frozen, self.labels, self.old).loss, self.expected.loss)


class MemoryTests(unittest.TestCase):
    def test_outputs_are_the_callers_memory(self):
        new, old, labels = support.logits(20, 6, 2)
        copies = new.copy(), old.copy(), labels.copy()
        arrays = {"gradient": np.empty((20, 6), np.float32), "per_sample": np.empty(20, np.float32),
                  "new_predictions": np.empty(20, np.int32), "old_predictions": np.empty(20, np.int32)}
        addresses = {k: a.ctypes.data for k, a in arrays.items()}
        result = gk.row_loss(new, labels, old, **arrays)
        for name, array in arrays.items():
            self.assertIs(getattr(result, name), array)
            self.assertEqual(array.ctypes.data, addresses[name])
        np.testing.assert_array_equal(result.new_predictions, new.argmax(1))
        for before, after in zip(copies, (new, old, labels)):
            np.testing.assert_array_equal(before, after)

    def test_the_gradient_in_place_of_the_logits(self):
        new, old, labels = support.logits(20, 6, 3)
        expected = gk.row_loss(new, labels, old).gradient
        result = gk.row_loss(new, labels, old, gradient=new)
        self.assertIs(result.gradient, new)
        np.testing.assert_array_equal(new, expected)

    def test_what_lies_between_rows_is_left_alone(self):
        random = np.random.default_rng(4)
        a, b = (random.standard_normal(s).astype(np.float32) for s in ((9, 7), (7, 11)))
        wide = np.full((9, 20), np.float32(3.25))
        gk.gemm(a, b, wide[:, 4:15])
        np.testing.assert_allclose(wide[:, 4:15], a.astype(np.float64) @ b, rtol=0, atol=1e-5)
        self.assertTrue((np.delete(wide, np.s_[4:15], 1) == 3.25).all())

    def test_nothing_is_kept_after_a_call(self):
        """References to the caller's arrays are as many as before."""
        new, old, labels = support.logits(20, 6, 5)
        gk.row_loss(new, labels, old)
        counts = [sys.getrefcount(a) for a in (new, old, labels)]
        for _ in range(10):
            gk.row_loss(new, labels.astype(np.int64), old)
        self.assertEqual([sys.getrefcount(a) for a in (new, old, labels)], counts)

    def test_repeated_calls_allocate_nothing_that_stays(self):
        """512 KiB of logits a call: one copy in 200 calls would show many times over."""
        rows, classes = 256, 512
        new, old, labels = support.logits(rows, classes, 6)
        gradient = np.empty_like(new)

        def step():
            gk.row_loss(new, labels, old, gradient=gradient)

        for _ in range(20):
            step()
        tracemalloc.start()
        try:
            step()
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            for _ in range(200):
                step()
            _, peak = tracemalloc.get_traced_memory()
            gc.collect()  # empties the interpreter's lists of spare tuples, too
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # Python objects of a call and spare tuples only: NumPy reports its arrays to tracemalloc as well.
        # The labels alone, the smallest array here, would be 200 KiB after 200 calls.
        self.assertLess(after - before, 64 * 1024)
        self.assertLess(peak - before, 256 * 1024)

    def test_the_process_does_not_grow(self):
        """The library's own memory, which tracemalloc does not see: 400 calls on 2 MiB of arrays."""
        if not sys.platform.startswith("linux"):
            self.skipTest("/proc/self/statm")
        new, old, labels = support.logits(512, 512, 7)
        gradient = np.empty_like(new)

        def resident():
            with open("/proc/self/statm", encoding="ascii") as f:
                return int(f.read().split()[1]) * 4096

        for _ in range(100):
            gk.row_loss(new, labels, old, gradient=gradient)
        before = resident()
        for _ in range(400):
            gk.row_loss(new, labels, old, gradient=gradient)
        # A leak of one array a call would be 400 MiB.
        self.assertLess(resident() - before, 16 * 2 ** 20)

    def test_torch_is_never_imported(self):
        self.assertFalse(support.IMPORTED_TORCH)
        code = ("import sys, numpy as np, graceful_kernels as gk\n"
                "gk.row_loss(np.zeros((2, 3), np.float32), np.zeros(2, np.int64))\n"
                "sys.exit('torch' in sys.modules)\n")
        subprocess.run([sys.executable, "-B", "-c", code], check=True,
                       env=support.environment(), timeout=120)


class TorchMemoryTests(unittest.TestCase):
    def setUp(self):
        self.torch = support.need_torch()
        arrays = support.logits(20, 6, 8)
        self.new, self.old, self.labels = (self.torch.from_numpy(a) for a in arrays)

    def test_outputs_are_the_callers_memory(self):
        gradient = self.torch.full((20, 6), 7.0)
        address = gradient.data_ptr()
        result = gk.row_loss(self.new, self.labels, self.old, gradient=gradient)
        self.assertIs(result.gradient, gradient)
        self.assertEqual(gradient.data_ptr(), address)
        self.assertFalse((gradient == 7).any())

    def test_capsules_of_torch(self):
        expected = gk.row_loss(self.new, self.labels, self.old)
        pack = self.torch.utils.dlpack.to_dlpack
        gradient = self.torch.empty(20, 6)
        capsule = pack(self.new)
        result = gk.row_loss(capsule, pack(self.labels), pack(self.old), gradient=pack(gradient))
        self.assertEqual(result.loss, expected.loss)
        self.assertTrue(self.torch.equal(gradient, expected.gradient))
        with self.assertRaisesRegex(ValueError, "consumed"):
            gk.row_loss(capsule, self.labels)

    def test_a_tensor_lives_as_long_as_its_capsule(self):
        """Torch's own deleter: the memory is there during the call, and the tensor's count falls after."""
        pack = self.torch.utils.dlpack.to_dlpack
        expected = gk.row_loss(self.new, self.labels).loss
        for _ in range(100):
            self.assertEqual(gk.row_loss(pack(self.new.clone()), self.labels).loss, expected)

    def test_numpy_capsules(self):
        array = self.new.numpy().copy()
        expected = gk.row_loss(array, self.labels.numpy()).loss
        counts = sys.getrefcount(array)
        for _ in range(10):
            self.assertEqual(gk.row_loss(array.__dlpack__(), self.labels.numpy()).loss, expected)
        self.assertEqual(sys.getrefcount(array), counts)


if __name__ == "__main__":
    unittest.main()
