"""Losses, gradients and flips on torch's own tensors against the formulas in float64 torch."""

import itertools
import unittest

import numpy as np

import support
from support import gk

torch = support.need_torch()

UNIT = 2.0 ** -24


def reference(new, labels, old=None, ranking=None, *, base="cross_entropy", distance=None,
              reduction="mean", ignore_index=-100, label_smoothing=0.0, target_scale=15.0,
              distance_weight=1.0, temperature=1.0, temperature_squared=False, focal_alpha=1.0,
              focal_beta=5.0, margin=0.0, power=2.0, top_k=10, rank_by="old", one_sided=False,
              exclude_true_class=False):
    """Rows of base, D and w, the loss and its gradient in float64, from the formulas alone."""
    z = new.double().requires_grad_()
    rows, classes = z.shape
    valid = labels != ignore_index
    y = torch.where(valid, labels.long(), torch.zeros((), dtype=torch.long))
    if distance is None:
        distance = "none" if old is None else "kl_old_new"
    if base == "cross_entropy":
        base_rows = torch.nn.functional.cross_entropy(
            z, y, reduction="none", label_smoothing=label_smoothing)
    elif base == "squared":
        target = target_scale * torch.nn.functional.one_hot(y, classes).double()
        base_rows = ((z - target) ** 2).sum(1) / 2
    else:
        base_rows = 0 * z.sum(1)
    d, weight = torch.zeros(rows, dtype=torch.double), torch.full((rows,), float(focal_alpha)).double()
    if old is not None:
        zo = old.double()
        alpha = 0.0 if distance == "naive" else focal_alpha
        weight = alpha + focal_beta * (zo.argmax(1) == y)
        log_new, log_old = (torch.log_softmax(v / temperature, 1) for v in (z, zo))
        scale = temperature ** 2 if temperature_squared else 1.0
        if distance == "kl_old_new":
            d = scale * (log_old.exp() * (log_old - log_new)).sum(1)
        elif distance == "kl_new_old":
            d = scale * (log_new.exp() * (log_new - log_old)).sum(1)
        elif distance == "logit_matching":
            d = ((z - zo) ** 2).sum(1) / 2
        elif distance == "naive":
            d = base_rows
        elif distance == "ldi":
            rank = {"old": zo, "new": z.detach(), "reference": ranking}[rank_by].double().clone()
            if exclude_true_class:
                rank[torch.arange(rows), y] = -float("inf")
            k = min(top_k, classes - exclude_true_class)
            difference = z - zo
            if one_sided:
                towards = 1 - 2 * torch.nn.functional.one_hot(y, classes)
                excess = (difference * towards - margin).clamp(min=0)
            else:
                excess = (difference.abs() - margin).clamp(min=0)
            d = (excess.gather(1, rank.topk(k, 1).indices) ** power).mean(1)
    total = torch.where(valid, base_rows + distance_weight * weight * d, torch.zeros((), dtype=torch.double))
    count = int(valid.sum()) if reduction == "mean" else 1
    (total.sum() / count).backward()
    mask = valid.double()
    return {
        "loss": float(total.detach().sum()) / count, "per_sample": total.detach(), "gradient": z.grad,
        "base": float((base_rows * mask).sum()) / count, "distance": float((d * mask).sum()) / count,
        "weighted_distance": float((weight * d * mask).sum()) / count, "valid_rows": int(valid.sum())}


class LossTests(unittest.TestCase):
    def check(self, new, labels, old=None, ranking=None, **options):
        """row_loss is within the rows' error bound of the reference.

        5e-6 relative: arguments of exp carry |z| 2^-24, about 1e-6 at |z| = 15, and a KL that is not
        small loses a factor of it; 1e-9 absolute where values vanish, times temperature² where they are
        multiplied by it. Gradients the same by the norm of a row. Smoothing ε cancels where p meets
        ε / C (2 roundings of ε), LDI where a difference meets the margin (as many of it).
        """
        expected = reference(new, labels, old, ranking, **options)
        inputs = [t.clone() for t in (new, labels, old, ranking) if t is not None]
        result = gk.row_loss(
            new, labels, old, reference_logits=ranking, per_sample=True, new_predictions=True,
            old_predictions=old is not None, **options)
        for before, after in zip(inputs, (t for t in (new, labels, old, ranking) if t is not None)):
            self.assertTrue(torch.equal(before, after))
        for output in (result.gradient, result.per_sample, result.new_predictions):
            self.assertIsInstance(output, torch.Tensor)

        scale = options.get("temperature", 1.0) ** 2 if options.get("temperature_squared") else 1.0
        margin = 2 * UNIT * options.get("margin", 0.0) * 6 * options.get("power", 2.0)
        smoothing = 2 * UNIT * options.get("label_smoothing", 0.0)
        values = expected["per_sample"]
        slack = 1e-9 * scale + margin * values.abs().clamp(min=1)
        self.assertTrue(((result.per_sample - values).abs() <= 5e-6 * values.abs() + slack).all())
        share = 1.0 if options.get("reduction") == "sum" else 1.0 / expected["valid_rows"]
        off = (result.gradient - expected["gradient"]).norm(dim=1)
        norms = expected["gradient"].norm(dim=1)
        self.assertTrue((off <= 5e-6 * norms + share * (1e-9 + smoothing + 2 * margin)).all(),
                        f"{options}: {(off / norms).max()}")
        for name in ("loss", "base", "distance", "weighted_distance"):
            bound = 5e-6 * abs(expected[name]) + (1e-9 * scale + 6 * margin) * max(1.0, share * len(values))
            self.assertLessEqual(abs(getattr(result, name) - expected[name]), bound, f"{name}, {options}")
        self.assertEqual(result.valid_rows, expected["valid_rows"])
        self.assertEqual(result.undefined_rows, 0)
        self.assertTrue(torch.equal(result.new_predictions.long(), new.argmax(1)))
        if old is not None:
            self.assertTrue(torch.equal(result.old_predictions.long(), old.argmax(1)))
            self.check_flips(result.flips, old, new, labels, options.get("ignore_index", -100))
        return result

    def check_flips(self, flips, old, new, labels, ignore_index=-100):
        valid = labels != ignore_index
        before, after = (old.argmax(1) == labels)[valid], (new.argmax(1) == labels)[valid]
        self.assertEqual(flips.both_right, int((before & after).sum()))
        self.assertEqual(flips.both_wrong, int((~before & ~after).sum()))
        self.assertEqual(flips.positive_flips, int((~before & after).sum()))
        self.assertEqual(flips.negative_flips, int((before & ~after).sum()))
        self.assertEqual(flips.differ, int((old.argmax(1) != new.argmax(1))[valid].sum()))
        if int(valid.sum()):
            self.assertEqual(flips.nfr, float((before & ~after).double().mean()))
            self.assertEqual(flips.old_accuracy, float(before.double().mean()))
            self.assertEqual(flips.new_accuracy, float(after.double().mean()))

    def tensors(self, rows, classes, seed, scale=3.0):
        new, old, labels = (torch.from_numpy(a) for a in support.logits(rows, classes, seed, scale))
        return new, old, labels.long()

    def test_every_distance_on_odd_shapes(self):
        for (rows, classes), distance, base in itertools.product(
                ((1, 2), (7, 3), (33, 129), (64, 1000), (5, 17)),
                ("none", "kl_old_new", "kl_new_old", "logit_matching", "naive", "ldi"),
                ("cross_entropy", "squared", "none")):
            with self.subTest(rows=rows, classes=classes, distance=distance, base=base):
                new, old, labels = self.tensors(rows, classes, rows)
                self.check(new, labels, old, distance=distance, base=base)

    def test_without_an_old_model(self):
        new, _, labels = self.tensors(37, 10, 1)
        self.check(new, labels)
        self.assertEqual(gk.row_loss(new, labels).flips, gk.FlipCounts())

    def test_options(self):
        new, old, labels = self.tensors(41, 23, 2)
        labels[::5] = -100
        for options in (
                {"reduction": "sum"},
                {"label_smoothing": 0.1},
                {"label_smoothing": 0.3, "distance": "naive"},
                {"temperature": 4.0},
                {"temperature": 100.0, "temperature_squared": True},
                {"temperature": 0.5, "distance": "kl_new_old", "temperature_squared": True},
                {"focal_alpha": 0.0, "focal_beta": 2.5},
                {"focal_alpha": 3.0, "focal_beta": 0.0, "distance_weight": 0.25},
                {"distance_weight": 0.0},
                {"base": "squared", "target_scale": 4.0, "distance": "logit_matching"}):
            with self.subTest(**options):
                self.check(new, labels, old, **options)

    def test_ignore_index(self):
        new, old, labels = self.tensors(41, 5, 3)
        labels[3:9] = 4
        result = self.check(new, labels, old, ignore_index=4)
        self.assertTrue((result.gradient[3:9] == 0).all())
        self.assertTrue((result.per_sample[3:9] == 0).all())

    def test_difference_inhibition(self):
        new, old, labels = self.tensors(29, 40, 4)
        ranking = self.tensors(29, 40, 5)[0]
        for k, power, rank_by, one_sided, exclude in itertools.product(
                (1, 10, 100), (1.0, 2.0, 2.5), ("old", "new", "reference"), (False, True), (False, True)):
            options = {"distance": "ldi", "top_k": k, "power": power, "rank_by": rank_by, "margin": 0.25,
                       "one_sided": one_sided, "exclude_true_class": exclude}
            with self.subTest(**options):
                self.check(new, labels, old, ranking if rank_by == "reference" else None, **options)

    def test_high_temperature_does_not_cancel(self):
        """Where a plain softmax in float32 is wrong by a factor of 90: models that agree to 1e-2 at τ = 100."""
        new, _, labels = self.tensors(64, 1000, 6)
        old = new + 1e-2 * self.tensors(64, 1000, 7, 1.0)[0]
        # The rows' 5e-6. The reference cancels as well: from 1e-15 to 4e-9 in float64, 3e-7.
        expected = reference(new, labels, old, temperature=100.0, base="none")
        result = gk.row_loss(new, labels, old, temperature=100.0, base="none", per_sample=True)
        self.assertTrue(torch.allclose(result.per_sample.double(), expected["per_sample"], rtol=5e-6, atol=0))

    def test_strided_rows(self):
        wide = torch.randn(40, 64, generator=torch.Generator().manual_seed(8))
        new, old = wide[::2, 3:16], wide[1::2, 20:33]
        labels = torch.arange(20) % 13
        result = self.check(new, labels, old)
        dense = gk.row_loss(new.contiguous(), labels, old.contiguous())
        self.assertEqual(result.loss, dense.loss)
        self.assertTrue(torch.equal(result.gradient, dense.gradient))

    def test_labels_of_both_widths_and_strides(self):
        new, old, labels = self.tensors(24, 7, 9)
        expected = gk.row_loss(new, labels, old)
        strided = torch.stack([labels, labels + 100], 1)[:, 0]
        for same in (labels.int(), strided, labels.numpy(), labels.numpy().astype(np.int32)):
            result = gk.row_loss(new, same, old)
            self.assertEqual(result.loss, expected.loss)
            self.assertTrue(torch.equal(result.gradient, expected.gradient))

    def test_nan_rows_and_empty_batches(self):
        new, old, labels = self.tensors(6, 4, 10)
        new[2, 1] = float("nan")
        result = gk.row_loss(new, labels, old, new_predictions=True, per_sample=True)
        self.assertEqual((result.valid_rows, result.undefined_rows), (6, 1))
        self.assertEqual(int(result.new_predictions[2]), -1)
        self.assertTrue(torch.isnan(result.per_sample[2]))
        self.assertEqual(result.flips.undefined_new, 1)
        for empty in (torch.empty(0, 4), np.empty((0, 4), np.float32)):
            nothing = gk.row_loss(empty, np.empty(0, np.int64), empty, reduction="sum")
            self.assertEqual((nothing.loss, nothing.valid_rows), (0.0, 0))
            self.assertEqual(tuple(nothing.gradient.shape), (0, 4))
            self.assertTrue(np.isnan(gk.row_loss(empty, np.empty(0, np.int64), empty).loss))
            self.assertTrue(np.isnan(nothing.flips.nfr))

    def test_same_bits_on_every_instruction_set_and_for_any_threads(self):
        new, old, labels = self.tensors(301, 97, 11)
        expected = gk.row_loss(new, labels, old)
        run = 0
        for simd, threads in itertools.product(("scalar", "vector128", "avx2", "avx512"), (1, 3)):
            try:
                device = gk.Device(simd, threads)
            except gk.GracefulError as e:
                self.assertEqual(e.status, "GK_NOT_SUPPORTED")
                continue
            with device:
                self.assertIn(simd, repr(device))
                result = gk.row_loss(new, labels, old, device=device)
            self.assertEqual(result.loss, expected.loss)
            self.assertTrue(torch.equal(result.gradient, expected.gradient))
            run += 1
        self.assertGreaterEqual(run, 2)

    def test_flips(self):
        new, old, labels = self.tensors(500, 6, 12)
        labels[::7] = -100
        flips = gk.flips_from_logits(old, new, labels, per_class=True)
        self.check_flips(flips, old, new, labels)
        by_predictions = gk.flips_from_predictions(
            old.argmax(1), new.argmax(1), labels, 6, per_class=True)
        self.assertEqual(flips, by_predictions)
        self.assertEqual(len(flips.per_class), 6)
        for label, table in enumerate(flips.per_class):
            mine = labels == label
            self.check_flips(table, old[mine], new[mine], labels[mine])
        halves = [gk.flips_from_logits(old[h], new[h], labels[h], per_class=True)
                  for h in (slice(0, 250), slice(250, 500))]
        self.assertEqual(halves[0] + halves[1], flips)

    def test_pairwise_flips(self):
        models = torch.randint(0, 5, (4, 200), generator=torch.Generator().manual_seed(13))
        labels = models[0].clone()
        labels[::3] = 2
        negative, differ = gk.pairwise_flips(models, labels)
        self.assertIsInstance(negative, torch.Tensor)
        self.assertEqual(negative.dtype, torch.int64)
        for a, b in itertools.product(range(4), repeat=2):
            flips = gk.flips_from_predictions(models[a], models[b], labels, 5)
            self.assertEqual(int(negative[a, b]), flips.negative_flips)
            self.assertEqual(int(differ[a, b]), flips.differ)

    def test_linear_cross_entropy(self):
        generator = torch.Generator().manual_seed(14)
        for rows, features, classes, smoothing, reduction in (
                (7, 5, 3, 0.0, "mean"), (33, 64, 129, 0.1, "sum"), (65, 17, 1000, 0.0, "mean")):
            e, w, b = (torch.randn(*s, generator=generator) for s in (
                (rows, features), (classes, features), (classes,)))
            labels = torch.arange(rows) % classes
            labels[1] = -100
            leaves = [t.double().requires_grad_() for t in (e, w, b)]
            expected = torch.nn.functional.cross_entropy(
                leaves[0] @ leaves[1].T + leaves[2], labels, reduction=reduction,
                label_smoothing=smoothing)
            expected.backward()
            result = gk.linear_cross_entropy(
                e, w, labels, b, reduction=reduction, label_smoothing=smoothing, per_sample=True)
            self.assertEqual(result.valid_rows, rows - 1)
            # fp32 products over `features` terms: the logits' error, |e| |w| √features 2^-24 each.
            self.assertLessEqual(abs(result.loss - expected.item()), 1e-5 * abs(expected.item()))
            gradients = (result.embedding_gradient, result.weight_gradient, result.bias_gradient)
            for got, leaf in zip(gradients, leaves):
                self.assertLessEqual((got - leaf.grad).norm(), 1e-5 * leaf.grad.norm())
            added = gk.linear_cross_entropy(
                e, w, labels, b, reduction=reduction, label_smoothing=smoothing, add_to_gradients=True,
                embedding_gradient=False, weight_gradient=result.weight_gradient.clone())
            self.assertIsNone(added.embedding_gradient)
            self.assertIsNone(added.bias_gradient)
            self.assertLessEqual(
                (added.weight_gradient - 2 * leaves[1].grad).norm(), 2e-5 * leaves[1].grad.norm())


if __name__ == "__main__":
    unittest.main()
