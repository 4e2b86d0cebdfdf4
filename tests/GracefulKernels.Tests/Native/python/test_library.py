"""Finding and loading the library, other processes, threads."""

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import numpy as np

import support
from support import gk


def run(code, **environment):
    """A new interpreter; its exit code and all that it printed."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], env=support.environment(**environment), timeout=120,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


class LoadTests(unittest.TestCase):
    def test_version(self):
        self.assertRegex(gk.version(), r"^\d+\.\d+\.\d+")
        self.assertRegex(repr(gk.default_device()), r"cpu \(\w+, \d+ threads?\)")

    def test_named_by_a_folder_or_a_file(self):
        path = gk._library._name
        for value in (path, os.path.dirname(path)):
            code, text = run("import graceful_kernels as g; print(g.version())", GRACEFUL_KERNELS=value)
            self.assertEqual((code, text.strip()), (0, gk.version()))

    def test_near_the_module(self):
        source = os.path.dirname(gk._library._name)
        for where in ("python", "lib", "runtimes/linux-x64/native"):
            with tempfile.TemporaryDirectory() as folder:
                os.makedirs(os.path.join(folder, "python"))
                shutil.copy(support.MODULE, os.path.join(folder, "python"))
                target = os.path.join(folder, where)
                os.makedirs(target, exist_ok=True)
                for name in os.listdir(source):
                    if name.startswith("libgracefulkernels"):
                        os.symlink(os.path.join(source, name), os.path.join(target, name))
                code, text = run("import graceful_kernels as g; print(g._library._name)", GRACEFUL_KERNELS="",
                                 PYTHONPATH=os.path.join(folder, "python"))
                self.assertEqual((code, text.strip()), (0, os.path.join(target, gk._library_name())))

    def test_absent(self):
        code, text = run("import graceful_kernels", GRACEFUL_KERNELS="/nowhere/lib.so")
        self.assertIn("ImportError: GRACEFUL_KERNELS is '/nowhere/lib.so', but there is no file", text)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(support.MODULE, folder)
            code, text = run("import graceful_kernels", GRACEFUL_KERNELS="", LD_LIBRARY_PATH="", PYTHONPATH=folder)
        self.assertNotEqual(code, 0)
        self.assertIn("ImportError: cannot load libgracefulkernels", text)
        self.assertIn("environment variable GRACEFUL_KERNELS", text)

    def test_something_else(self):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, gk._library_name())
            with open(name, "wb") as f:
                f.write(b"not a library")
            _, text = run("import graceful_kernels", GRACEFUL_KERNELS=folder)
            self.assertIn(f"ImportError: cannot load {name}", text)
        import _ctypes
        _, text = run("import graceful_kernels", GRACEFUL_KERNELS=_ctypes.__file__)
        self.assertIn("is not this release's libgracefulkernels", text)

    def test_another_abi_number(self):
        with open(support.MODULE, encoding="utf-8") as f:
            source = f.read()
        older = source.replace("_ABI_VERSION = 1\n", "_ABI_VERSION = 41\n")
        self.assertNotEqual(older, source)
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "graceful_kernels.py"), "w", encoding="utf-8") as f:
                f.write(older)
            code, text = run("import graceful_kernels", GRACEFUL_KERNELS=gk._library._name, PYTHONPATH=folder)
        self.assertNotEqual(code, 0)
        self.assertRegex(text, "ImportError: .* has the ABI number 1; this graceful_kernels.py is for 41")


class ProcessTests(unittest.TestCase):
    FORK = ("import os, sys, numpy as np, graceful_kernels as gk\n"
            "def use(): return gk.gemm(np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32)).trace()\n"
            "{first}\n"
            "sys.stdout.flush()\n"
            "if os.fork() == 0:\n"
            "    try: print('child', use())\n"
            "    except gk.GracefulError as e: print('refused', e)\n"
            "    sys.stdout.flush(); sys.exit()\n"
            "os.wait()\n"
            "print('parent', use())\n")

    @unittest.skipUnless(hasattr(os, "fork"), "fork")
    def test_a_child_forked_after_the_first_call_is_refused(self):
        code, text = run(self.FORK.format(first="use()"))
        self.assertEqual(code, 0, text)
        self.assertIn("refused this process was forked", text)
        self.assertIn("parent 3.0", text)

    @unittest.skipUnless(hasattr(os, "fork"), "fork")
    def test_a_child_forked_before_the_first_call_computes(self):
        code, text = run(self.FORK.format(first=""))
        self.assertEqual(code, 0, text)
        self.assertIn("child 3.0", text)
        self.assertIn("parent 3.0", text)

    def test_an_interpreter_that_ends_with_everything_open(self):
        code, text = run("import numpy as np, graceful_kernels as gk\n"
                         "d = gk.Device(threads=2)\n"
                         "gk.gemm(np.ones((64, 64), 'f'), np.ones((64, 64), 'f'), device=d)\n"
                         "gk.gemm(np.ones((64, 64), 'f'), np.ones((64, 64), 'f'))\n")
        self.assertEqual((code, text), (0, ""))


class ThreadTests(unittest.TestCase):
    def test_many_threads_on_one_device(self):
        problems = [support.logits(61, 33, seed) for seed in range(8)]
        expected = [gk.row_loss(n, y, o) for n, o, y in problems]
        wrong = []

        def work(i):
            new, old, labels = problems[i]
            for _ in range(50):
                result = gk.row_loss(new, labels, old)
                if result.loss != expected[i].loss or not np.array_equal(result.gradient, expected[i].gradient):
                    wrong.append(i)
                try:  # each thread has its own last error
                    gk.row_loss(new, labels + 1000 * (i + 1), old)
                except gk.GracefulError as e:
                    if str(1000 * (i + 1))[:-3] not in e.message:
                        wrong.append(e)
                else:
                    wrong.append("accepted")

        threads = [threading.Thread(target=work, args=(i,)) for i in range(len(problems))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])

    def test_the_interpreter_runs_on_during_a_call(self):
        """Another thread gets its turn in the midst of a product that takes tens of milliseconds."""
        a, ticks, done = np.ones((1500, 1500), np.float32), [], threading.Event()

        def tick():
            while not done.wait(0.001):
                ticks.append(time.perf_counter())

        ticker = threading.Thread(target=tick)
        ticker.start()
        try:
            with gk.Device(threads=1) as device:
                for _ in range(50):  # a busy machine may keep the other thread waiting
                    start = time.perf_counter()
                    gk.gemm(a, a, device=device)
                    length = time.perf_counter() - start
                    within = [t for t in ticks if start + 0.25 * length < t < start + 0.75 * length]
                    if within:
                        break
        finally:
            done.set()
            ticker.join()
        self.assertTrue(within)

    def test_errors_cross_processes(self):
        for error in (gk.GracefulError("GK_IO", "gone"),
                      gk.NotPositiveDefiniteError("GK_NOT_POSITIVE_DEFINITE", "pivot", 3)):
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual((type(again), str(again), vars(again)), (type(error), str(error), vars(error)))


if __name__ == "__main__":
    unittest.main()
