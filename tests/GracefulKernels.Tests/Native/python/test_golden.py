"""The independent float64 answers of the golden files, through NumPy."""

import unittest

import numpy as np

import support
from support import gk

DISTANCES = {"kl_forward": "kl_old_new", "kl_reverse": "kl_new_old", "lm": "logit_matching", "ldi": "ldi"}


class LossTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder, cls.manifest = support.golden("losses")

    def array(self, entry):
        return support.golden_array(self.folder, entry)

    @staticmethod
    def options(case):
        """The keyword arguments that a case stands for."""
        p = case["parameters"]
        if "D" not in p:
            return {"distance": "none", "label_smoothing": p["smoothing"]}
        options = {"distance": DISTANCES[p["D"]], "focal_alpha": p["alpha"], "focal_beta": p["beta"]}
        if p["D"].startswith("kl"):
            options.update(temperature=p["tau"], temperature_squared=p.get("tau2", False))
        if p["D"] == "ldi":
            options.update(top_k=p["K"], rank_by=p["rank"], power=p["p"], margin=p["xi"])
        if "lambda" in p:
            options["distance_weight"] = p["lambda"]
        else:
            options["base"] = "none"
        return options

    def test_every_case(self):
        cases = [c for c in self.manifest["cases"] if not c["name"].startswith("edges")]
        self.assertGreater(len(cases), 100)
        for case in cases:
            with self.subTest(case["name"]):
                self.check(case)

    def check(self, case):
        expected, tolerance = case["expected"], case["tolerance"]["float32"]
        new, old, labels = (self.array(case["inputs"][n]) for n in ("z_new", "z_old", "labels"))
        options = self.options(case)
        result = gk.row_loss(new, labels, old, per_sample=True, new_predictions=True, old_predictions=True,
                             **options)

        def close(got, want, text):
            np.testing.assert_allclose(got, want, tolerance["rtol"], tolerance["atol"], err_msg=text)

        close(result.loss, expected[next(n for n in ("value", "value_weighted", "total") if n in expected)], "loss")
        if "per_sample" in expected:
            weight = 1.0
            if "D" in case["parameters"]:  # stored without the weight
                weight = options["focal_alpha"] + options["focal_beta"] * (old.argmax(1) == labels)
            close(result.per_sample, weight * self.array(expected["per_sample"]), "per_sample")
        if "value_unweighted" in expected:
            close(result.distance, expected["value_unweighted"], "distance")
        if "focal" in expected:
            close(result.base, expected["ce"], "ce")
            close(result.weighted_distance, expected["focal"], "focal")
            np.testing.assert_array_equal(result.old_predictions, self.array(expected["argmax_old"]))
            np.testing.assert_array_equal(result.new_predictions, self.array(expected["argmax_new"]))
            for name in ("both_right", "both_wrong", "negative_flips", "positive_flips"):
                self.assertEqual(getattr(result.flips, name), expected[name])
        gradient = self.array(expected["gradient"])
        rows, bound = case["parameters"]["gradient_rows"], tolerance["gradient_relative_norm"]
        self.assertLessEqual(
            np.linalg.norm(result.gradient[:rows] - gradient), bound * np.linalg.norm(gradient) + 1e-12)
        whole = np.linalg.norm(result.gradient.astype(np.float64))
        self.assertLessEqual(abs(whole - expected["gradient_norm"]), bound * expected["gradient_norm"] + 1e-12)

    def test_infinities_and_nan(self):
        case, = (c for c in self.manifest["cases"] if c["name"] == "edges.infinities_and_nan")
        new, old, labels = (self.array(case["inputs"][n]) for n in ("z_new", "z_old", "labels"))
        result = gk.row_loss(new, labels, old, distance="none", reduction="sum", per_sample=True)
        np.testing.assert_allclose(
            result.per_sample, self.array(case["expected"]["ce_per_sample"]), rtol=1e-5, atol=1e-7)

    def test_nothing_valid(self):
        case, = (c for c in self.manifest["cases"] if c["name"] == "edges.nothing_valid")
        p = case["parameters"]
        new, labels = np.array(p["z_new"], np.float32), np.array(p["labels"], np.int32)
        self.assertTrue(np.isnan(gk.row_loss(new, labels).loss))
        result = gk.row_loss(new, labels, reduction="sum")
        self.assertEqual((result.loss, result.valid_rows, result.gradient.any()), (0.0, 0, False))


class FlipTests(unittest.TestCase):
    RATES = {"nfr": "nfr", "pfr": "pfr", "relative_nfr": "relative_nfr", "churn": "churn"}

    @classmethod
    def setUpClass(cls):
        cls.folder, cls.manifest = support.golden("flips")

    def array(self, entry):
        return support.golden_array(self.folder, entry)

    def predictions(self, inputs):
        if "old" in inputs:
            return tuple(np.array(inputs[n], np.int32) for n in ("old", "new", "labels"))
        both, labels = self.array(inputs["predictions"]), self.array(inputs["labels"])
        columns = slice(*inputs.get("columns", (0, len(labels))))
        return (np.ascontiguousarray(both[inputs["old_row"], columns]),
                np.ascontiguousarray(both[inputs["new_row"], columns]), labels[columns])

    def check(self, flips, expected, classes):
        for name in ("both_right", "both_wrong", "negative_flips", "positive_flips", "differ"):
            self.assertEqual(getattr(flips, name), expected[name], name)
        self.assertEqual(flips.samples, expected["n"])
        rates = {name: getattr(flips, name) for name in self.RATES}
        rates.update(er_old=1 - flips.old_accuracy, er_new=1 - flips.new_accuracy)
        for name, value in rates.items():
            np.testing.assert_allclose(value, self.array(expected[name]), rtol=1e-12, atol=1e-15, err_msg=name)
        self.assertEqual(len(flips.per_class), classes)
        for name, what in (("n", "samples"), ("negative_flips", "negative_flips"),
                           ("positive_flips", "positive_flips"), ("nfr", "nfr")):
            np.testing.assert_allclose(
                [getattr(t, what) for t in flips.per_class], self.array(expected[f"per_class_{name}"]), rtol=1e-12)

    def test_every_case(self):
        counted = 0
        for case in self.manifest["cases"]:
            inputs, expected, p = case["inputs"], case["expected"], case["parameters"]
            with self.subTest(case["name"]):
                if "error" in expected:
                    with self.assertRaisesRegex(gk.GracefulError, f"{expected['row']}.*{expected['value']}"):
                        gk.flips_from_predictions(*self.predictions(inputs), p["classes"])
                elif "z_old" in inputs:
                    old, new, labels = (self.array(inputs[n]) for n in ("z_old", "z_new", "labels"))
                    flips = gk.flips_from_logits(
                        old, new, labels, ignore_index=p["ignore_index"], per_class=True)
                    self.check(flips, expected, p["classes"])
                    again = gk.flips_from_predictions(
                        self.array(expected["prediction_old"]), self.array(expected["prediction_new"]), labels,
                        p["classes"], ignore_index=p["ignore_index"], per_class=True)
                    self.assertEqual(again, flips)
                elif "models" in p:
                    negative, differ = gk.pairwise_flips(
                        self.array(inputs["predictions"]), self.array(inputs["labels"]))
                    np.testing.assert_array_equal(negative, expected["negative_flips"])
                    np.testing.assert_array_equal(negative.T, expected["positive_flips"])
                    np.testing.assert_array_equal(differ, expected["differ"])
                elif "er_old" in inputs:
                    continue  # printed rates, no counts
                else:
                    self.check(gk.flips_from_predictions(
                        *self.predictions(inputs), p["classes"], ignore_index=p["ignore_index"], per_class=True),
                        expected, p["classes"])
                counted += 1
        self.assertEqual(counted, len(self.manifest["cases"]) - 1)


class SearchTests(unittest.TestCase):
    def test_top_k(self):
        folder, manifest = support.golden("compat")
        cases = [c for c in manifest["cases"] if c["name"].startswith("top10")]
        self.assertEqual(len(cases), 2)
        for case in cases:
            queries, gallery = (np.load(f"{folder}/{case['inputs'][n]['file']}").astype(np.float64)
                                for n in ("queries", "gallery"))
            # Cosines: unit rows; a row of zeros stays one. Normalised in float64, where copies stay equal.
            queries, gallery = (
                (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-30)).astype(np.float32)
                for x in (queries, gallery))
            indices, scores = gk.top_k(queries, gallery, case["parameters"]["k"])
            np.testing.assert_array_equal(indices, support.golden_array(folder, case["expected"]["indices"]))
            expected = support.golden_array(folder, case["expected"]["scores"])
            np.testing.assert_allclose(scores, expected, rtol=0, atol=case["tolerance"]["float32"]["atol"])


class LinearTests(unittest.TestCase):
    def test_influence_loss(self):
        """The new model's own part: cross-entropy of E W_newᵀ + b_new."""
        folder, manifest = support.golden("compat")
        cases = [c for c in manifest["cases"] if c["name"].startswith("bct")]
        self.assertGreater(len(cases), 3)
        for case in cases:
            with self.subTest(case["name"]):
                e, w, b, labels = (np.load(f"{folder}/{case['inputs'][n]['file']}")
                                   for n in ("E", "W_new", "b_new", "labels"))
                result = gk.linear_cross_entropy(e, w, labels, b, per_sample=True)
                # fp32 products, 5e-6 of a row's value, as the losses.
                self.assertLessEqual(abs(result.loss - case["expected"]["own"]), 1e-5 * case["expected"]["own"])
                own = support.golden_array(folder, case["expected"]["own_per_sample"])
                np.testing.assert_allclose(result.per_sample, own, rtol=1e-5, atol=1e-5)


if __name__ == "__main__":
    unittest.main()
