"""The module's tables say what graceful_kernels.h says."""

import ctypes
import re
import unittest

import support
from support import gk

CODES = {"int32_t": "i", "int64_t": "l", "float": "f", "double": "d"}
TYPES = {"int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "float": ctypes.c_float,
         "double": ctypes.c_double, "gk_flip_counts": gk._FlipCounts}
STRUCTURES = {
    "gk_convolution_shape": gk._ConvolutionShape, "gk_flip_counts": gk._FlipCounts,
    "gk_loss_options": gk._LossOptions, "gk_loss_result": gk._LossResult,
    "gk_linear_loss_options": gk._LinearOptions, "gk_linear_loss_result": gk._LinearResult,
    "gk_network_info": gk._NetworkInfo, "gk_solve_options": gk._SolveOptions,
    "gk_solve_result": gk._SolveResult,
}


def header():
    with open(support.HEADER, encoding="utf-8") as f:
        return re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)


def code(parameter):
    """The module's letter for a parameter of a prototype."""
    if "*" in parameter:
        return "s" if re.match(r"const char \*", parameter) else "p"
    return CODES[parameter.split()[0]]


class HeaderTests(unittest.TestCase):
    def test_functions(self):
        found = {}
        for name, parameters in re.findall(r"GK_API gk_status (gk_\w+)\(([^)]*)\);", header()):
            found[name] = "".join(code(p.strip()) for p in parameters.split(","))
        self.assertGreater(len(found), 30)
        self.assertEqual(found, gk._FUNCTIONS)

    def test_structures(self):
        found = dict((name, body) for body, name in re.findall(
            r"typedef struct gk_\w+ \{(.*?)\} (gk_\w+);", header(), re.S))
        self.assertEqual(set(found), set(STRUCTURES))
        for name, body in found.items():
            members = []
            for declaration in filter(None, map(str.strip, body.split(";"))):
                kind, names = declaration.split(None, 1)
                members += [(n.strip(), TYPES[kind]) for n in names.split(",")]
            self.assertEqual(members, list(STRUCTURES[name]._fields_), name)

    def test_constants(self):
        text = header()
        self.assertIn(f"#define GK_ABI_VERSION {gk._ABI_VERSION}\n", text)
        for prefix, names in (("GK_BASE_", gk._BASES), ("GK_DISTANCE_", gk._DISTANCES),
                              ("GK_RANK_BY_", gk._RANKS)):
            found = re.findall(rf"{prefix}(\w+) = (\d+)", text)
            self.assertEqual([(n.upper(), str(i)) for i, n in enumerate(names)], found)
        self.assertRegex(text, r"enum \{ GK_MEAN = 0, GK_SUM = 1 \}")
        self.assertEqual(gk._REDUCTIONS, ("mean", "sum"))

    def test_defaults(self):
        """The options' defaults are those of the header's macros."""
        text = header()

        def default(name):
            values = re.search(rf"#define {name}\s*\\?\s*\{{(.*?)\}}", text, re.S)[1]
            constants = dict(re.findall(r"(GK_\w+) = (\d+)", text))
            return [float(constants.get(v.strip(), v.strip().rstrip("f"))) for v in values.split(",")]

        options = gk._loss_options(True)
        self.assertEqual(
            [getattr(options, n) for n, _ in options._fields_], default("GK_LOSS_OPTIONS_DEFAULT"))
        for function, structure, macro in (
                (gk.linear_cross_entropy, gk._LinearOptions, "GK_LINEAR_LOSS_OPTIONS_DEFAULT"),
                (gk.Linearized.solve, gk._SolveOptions, "GK_SOLVE_OPTIONS_DEFAULT")):
            named = dict(function.__kwdefaults__)
            values = [named["lambda_" if n == "lambda" else n] for n, _ in structure._fields_]
            self.assertEqual([0.0 if v == "mean" else float(v) for v in values], default(macro))


if __name__ == "__main__":
    unittest.main()
