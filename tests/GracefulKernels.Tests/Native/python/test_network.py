"""From an ONNX file to an updated model. The networks and what the managed library says of them come in GRACEFUL_TEST_NETWORKS."""

import os
import tempfile
import threading
import unittest

import numpy as np

import support
from support import gk

FOLDER = os.environ.get("GRACEFUL_TEST_NETWORKS")
CLASSES = 4


def relative(got, want):
    return np.linalg.norm(np.float64(got) - want) / np.linalg.norm(want)


@unittest.skipUnless(FOLDER, "GRACEFUL_TEST_NETWORKS names no folder with residual.onnx (PythonTests.cs writes it)")
class NetworkTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.path = os.path.join(FOLDER, "residual.onnx")
        cls.network = gk.Network.load(cls.path)
        cls.images = np.fromfile(os.path.join(FOLDER, "residual.images"), np.float32).reshape(-1, 9, 7, 3)
        cls.labels = np.arange(len(cls.images)) % CLASSES
        cls.linearized = cls.network.linearize(cls.images)

    def test_a_network_is_what_the_managed_library_says(self):
        self.assertEqual(self.network.input_shape, (9, 7, 3))
        self.assertEqual(self.network.outputs, CLASSES)
        expected = np.fromfile(os.path.join(FOLDER, "residual.outputs"), np.float32).reshape(-1, CLASSES)
        # The same bits: the kernels are the same code on the same instruction sets.
        np.testing.assert_array_equal(self.network.predict(self.images), expected)
        out = np.empty((len(self.images), CLASSES), np.float32)
        self.assertIs(self.network.predict(self.images, out), out)
        np.testing.assert_array_equal(out, expected)

    def test_a_network_on_vectors(self):
        network = gk.Network.load(os.path.join(FOLDER, "vector.onnx"))
        vectors = np.fromfile(os.path.join(FOLDER, "vector.images"), np.float32).reshape(-1, 13)
        expected = np.fromfile(os.path.join(FOLDER, "vector.outputs"), np.float32).reshape(-1, 3)
        self.assertEqual(network.input_shape, (1, 1, 13))
        np.testing.assert_array_equal(network.predict(vectors), expected)
        np.testing.assert_array_equal(network.predict(vectors.reshape(-1, 1, 1, 13)), expected)

    def test_torchs_channels_last_images(self):
        torch = support.need_torch()
        nchw = torch.from_numpy(self.images).permute(0, 3, 1, 2)
        outputs = self.network.predict(nchw.permute(0, 2, 3, 1))
        self.assertIsInstance(outputs, torch.Tensor)
        np.testing.assert_array_equal(outputs.numpy(), self.network.predict(self.images))
        with self.assertRaisesRegex(ValueError, r"images has shape \(\d+, 3, 9, 7\); expected \(\*, 9, 7, 3\)"):
            self.network.predict(nchw)

    def test_jvp_and_vjp_are_adjoint_and_the_derivative(self):
        f, random = self.linearized, np.random.default_rng(1)
        self.assertEqual((f.count, f.outputs, f.parameters), (len(self.images), CLASSES, self.network.parameters))
        d = random.standard_normal(f.parameters).astype(np.float32)
        c = random.standard_normal((f.count, CLASSES)).astype(np.float32)
        forward, backward = f.jvp(d), f.vjp(c)
        # <J d, c> = <d, J^T c> up to fp32 products in both.
        left, right = np.vdot(forward.astype(float), c), np.vdot(d.astype(float), backward)
        self.assertLessEqual(abs(left - right), 1e-5 * np.linalg.norm(forward) * np.linalg.norm(c))
        # J is linear.
        np.testing.assert_allclose(f.jvp(2 * d), 2 * forward, rtol=1e-6, atol=1e-6 * np.abs(forward).max())

    def test_solve_reaches_the_optimum(self):
        f, lambda_, alpha = self.linearized, 0.05, 4.0
        model = f.solve(self.labels, lambda_=lambda_, target_scale=alpha, tolerance=1e-4, max_iterations=2000)
        self.assertTrue(model.result.converged)
        self.assertLessEqual(model.result.relative_gradient, 1e-4)
        d = model.update()
        f0, targets = self.network.predict(self.images).astype(float), alpha * np.eye(CLASSES)[self.labels]

        def gradient(update, residual):  # of 1/(2n) |f0 + J d - t|^2 + lambda/2 |d|^2
            return f.vjp(residual.astype(np.float32)).astype(float) / f.count + lambda_ * update

        residual = f0 + f.jvp(d) - targets
        size = np.linalg.norm(gradient(0 * d, f0 - targets))
        self.assertLessEqual(np.linalg.norm(gradient(d, residual)), 1.2e-4 * size)
        loss = (residual ** 2).sum() / (2 * f.count) + lambda_ / 2 * (d.astype(float) ** 2).sum()
        self.assertLessEqual(abs(loss - model.result.loss), 1e-5 * loss)
        # The model predicts f0 + J d.
        self.assertLessEqual(relative(model.predict(self.images), f0 + f.jvp(d)), 1e-5)

    def test_factors_precondition(self):
        """Another way to the same optimum."""
        options = {"lambda_": 0.05, "tolerance": 1e-4, "max_iterations": 2000}
        plain = self.linearized.solve(self.labels, **options)
        with self.linearized.factors() as factors:
            other = self.linearized.solve(self.labels, factors=factors, **options)
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "factors.safetensors")
                factors.save(path)
                self.assertGreater(os.path.getsize(path), 1000)
        self.assertTrue(plain.result.converged and other.result.converged)
        self.assertNotEqual(other.result.iterations, plain.result.iterations)
        # At a gradient g the loss is off by |g|^2 / (2 lambda) at most; g is 1e-4 of the first one or less.
        residual = self.network.predict(self.images) - 15 * np.eye(CLASSES, dtype=np.float32)[self.labels]
        first = np.linalg.norm(self.linearized.vjp(residual)) / len(self.images)
        self.assertLessEqual(abs(other.result.loss - plain.result.loss), (1e-4 * first) ** 2 / (2 * 0.05))
        self.assertLessEqual(relative(other.update(), plain.update()), 1e-2)

    def test_factors_of_one_linear_layer_are_its_curvature(self):
        """K-FAC is exact there: with damping = lambda it is the inverse Hessian, and one step is enough."""
        network = gk.Network.load(os.path.join(FOLDER, "linear.onnx"))
        vectors = np.fromfile(os.path.join(FOLDER, "linear.images"), np.float32).reshape(-1, 13)
        vectors = vectors * np.logspace(0, 1.5, 13, dtype=np.float32)
        labels = np.arange(len(vectors)) % network.outputs
        linearized = network.linearize(vectors)
        options = {"lambda_": 1e-3, "tolerance": 1e-4, "max_iterations": 500}
        with linearized.factors() as factors:
            exact = linearized.solve(labels, factors=factors, **options)
        plain = linearized.solve(labels, **options)
        self.assertTrue(exact.result.converged and plain.result.converged)
        self.assertLessEqual(exact.result.iterations, 3)
        self.assertGreater(plain.result.iterations, 10)

    def test_old_logits_are_kept(self):
        """Labels say one thing, the old model another; lambda_pc draws the update towards the old one."""
        old = 15 * np.eye(CLASSES, dtype=np.float32)[(self.labels + self.labels // 2) % CLASSES]
        distances = [np.linalg.norm(self.linearized.solve(self.labels, old, lambda_pc=p).predict(self.images) - old)
                     for p in (0.0, 1.0, 100.0)]
        self.assertGreater(distances[0], distances[1])
        self.assertGreater(distances[1], distances[2])

    def test_save_and_load(self):
        model = self.linearized.solve(self.labels)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "modèle")
            model.save(path)
            self.assertEqual(sorted(os.listdir(path)), ["network.onnx", "update.safetensors"])
            loaded = gk.Model.load(path)
            self.assertEqual((loaded.input_shape, loaded.outputs, loaded.parameters),
                             (model.input_shape, model.outputs, model.parameters))
            np.testing.assert_array_equal(loaded.update(), model.update())
            np.testing.assert_array_equal(loaded.predict(self.images), model.predict(self.images))

    def test_fine_tune(self):
        labels = self.images.mean((1, 2)).argmax(1)  # the strongest channel
        with self.network.with_head(self.images, labels, 3) as headed:
            self.assertEqual(headed.outputs, 3)
            before = (headed.predict(self.images).argmax(1) == labels).mean()
        with self.network.fine_tune(self.images, labels, 3) as model:
            self.assertEqual((model.outputs, model.input_shape), (3, (9, 7, 3)))
            self.assertEqual(model.update().shape, (model.parameters,))
            self.assertGreater((model.predict(self.images).argmax(1) == labels).mean(), max(before, 0.9) - 1e-9)

    def test_leaky_slope(self):
        leaky = gk.Network.load(self.path, leaky_slope=0.5)
        self.assertEqual(leaky.parameters, self.network.parameters)

    def test_refusals(self):
        network, images, labels = self.network, self.images, self.labels
        for error, text, call in (
                (ValueError, r"^images has shape \(9, 7, 3\)", lambda: network.predict(images[0])),
                (ValueError, r"^images of shape .*: expected a dense", lambda: network.predict(images[::2])),
                (TypeError, "^images is of type float64", lambda: network.predict(images.astype(float))),
                (TypeError, "^images is of type uint8", lambda: network.predict(images.astype(np.uint8))),
                (ValueError, r"^out has shape \(3, 3\)", lambda: network.predict(images[:3], np.empty((3, 3), np.float32))),
                (ValueError, r"^labels has shape \(2,\)", lambda: self.linearized.solve(labels[:2])),
                (gk.GracefulError, "(?i)label", lambda: self.linearized.solve(labels + 1)),
                (gk.GracefulError, "(?i)lambda", lambda: self.linearized.solve(labels, lambda_=0.0)),
                (gk.GracefulError, "(?i)tolerance", lambda: self.linearized.solve(labels, tolerance=-1.0)),
                (ValueError, r"^old_logits has shape", lambda: self.linearized.solve(labels, images[:, 0, 0])),
                (ValueError, r"^update has shape \(3,\)", lambda: self.linearized.jvp(np.zeros(3, np.float32))),
                (ValueError, r"^cotangent has shape \(1, 4\)", lambda: self.linearized.vjp(np.zeros((1, 4), np.float32))),
                (gk.GracefulError, "nowhere", lambda: gk.Network.load("/nowhere/network.onnx")),
                (gk.GracefulError, "GK_IO|GK_NOT_SUPPORTED|GK_INVALID_ARGUMENT", lambda: gk.Network.load(__file__)),
                (ValueError, "^path holds a NUL", lambda: gk.Network.load("a\0b")),
                (gk.GracefulError, "nowhere", lambda: gk.Model.load("/nowhere"))):
            with self.assertRaisesRegex(error, text):
                call()

    def test_closed_handles(self):
        network = gk.Network.load(self.path)
        linearized = network.linearize(self.images[:4])
        network.close()
        network.close()
        with self.assertRaisesRegex(gk.GracefulError, "this Network is closed"):
            network.predict(self.images)
        linearized.jvp(np.zeros(linearized.parameters, np.float32))  # holds what it needs
        linearized.close()
        with self.assertRaisesRegex(gk.GracefulError, "this Linearized is closed"):
            linearized.factors()
        with gk.Device(threads=1) as device:
            other = gk.Network.load(self.path, device=device)
        with self.assertRaisesRegex(gk.GracefulError, "the Device of this Network is closed"):
            other.predict(self.images)
        other.close()

    def test_threads_on_one_network_wait_for_one_another(self):
        expected, wrong = self.network.predict(self.images), []

        def work():
            for _ in range(20):
                if not np.array_equal(self.network.predict(self.images), expected):
                    wrong.append(1)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
