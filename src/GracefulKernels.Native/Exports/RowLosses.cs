using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Native;

/// <summary>Row losses with flips.</summary>
internal static unsafe class RowLosses
{
    [ThreadStatic]
    private static RowLossChoice? _last;

    [UnmanagedCallersOnly(EntryPoint = "gk_row_loss")]
    public static int RowLoss(
        nint device,
        RowLossFields* options,
        long rows,
        long classes,
        float* newLogits,
        long ldNew,
        float* oldLogits,
        long ldOld,
        float* referenceLogits,
        long ldReference,
        int* labels,
        float* gradient,
        float* perSample,
        int* newPredictions,
        int* oldPredictions,
        RowLossSummary* result)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int n = Argument.Size(rows, "rows"), c = Argument.Size(classes, "classes", 1, Labels.MostClasses);
            CongruenceOptions chosen = Options(options);
            Operand ofNew = Operand.Matrix(newLogits, n, c, ldNew, "new_logits", "ld_new");
            Operand ofOld = oldLogits == null ? default : Operand.Matrix(oldLogits, n, c, ldOld, "old_logits", "ld_old");
            if (!ofOld.IsGiven && n > 0 && chosen.Distance != CongruenceDistance.None)
            {
                throw CallException.Argument($"old_logits is NULL; the distance {(int)chosen.Distance} needs [{n} x {c}] (without an old model options.distance is GK_DISTANCE_NONE).");
            }
            bool ranked = chosen is { Distance: CongruenceDistance.LogitDifference, RankBy: RankBy.Reference };
            if (!ranked && referenceLogits != null) throw CallException.Argument("reference_logits is given; expected NULL but for GK_DISTANCE_LDI with GK_RANK_BY_REFERENCE.");
            Operand ofReference = ranked ? Operand.Matrix(referenceLogits, n, c, ldReference, "reference_logits", "ld_reference") : default;
            Operand ofLabels = Operand.Vector(labels, n, "labels"), ofGradient = Operand.Optional(gradient, n, c, "gradient");
            Operand ofValues = Operand.Optional(perSample, n, "per_sample");
            Operand toNew = Operand.Optional(newPredictions, n, "new_predictions"), toOld = Operand.Optional(oldPredictions, n, "old_predictions");
            Operand ofResult = Operand.Optional(result, 1, "result");
            if (toOld.IsGiven && !ofOld.IsGiven && n > 0) throw CallException.Argument("old_predictions cannot be filled: old_logits is NULL.");
            if (ldNew == c) ofGradient.ApartOrSame(ofNew);
            else ofGradient.Apart(ofNew);
            ofGradient.Apart(ofOld);
            ofGradient.Apart(ofReference);
            ofGradient.Apart(ofLabels);
            Apart(ofValues, ofNew, ofOld, ofReference, ofLabels, ofGradient);
            Apart(toNew, ofNew, ofOld, ofReference, ofLabels, ofGradient);
            Apart(toOld, ofNew, ofOld, ofReference, ofLabels, ofGradient);
            Apart(ofResult, ofNew, ofOld, ofReference, ofLabels, ofGradient);
            toNew.Apart(ofValues);
            toOld.Apart(ofValues);
            toOld.Apart(toNew);
            ofResult.Apart(ofValues);
            ofResult.Apart(toNew);
            ofResult.Apart(toOld);
            long valid = Labels.Check(labels, n, c, chosen.IgnoreIndex);
            RowLossOperands operands = new()
            {
                Rows = n,
                Classes = c,
                New = ofNew.Block<float>(),
                LdNew = (int)ldNew,
                Old = ofOld.Block<float>(),
                LdOld = (int)ldOld,
                Reference = ofReference.Block<float>(),
                LdReference = (int)ldReference,
                Labels = ofLabels.Block<int>(),
                Gradient = ofGradient.Block<float>(),
                Values = ofValues.Block<float>(),
                PredictionsNew = toNew.Block<int>(),
                PredictionsOld = toOld.Block<int>(),
            };
            CongruenceResult found = CongruenceLoss.Evaluate(chosen, operands, valid, use.Target.Kernels);
            if (result != null) *result = new RowLossSummary(found);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    private static void Apart(in Operand output, in Operand a, in Operand b, in Operand c, in Operand d, in Operand e)
    {
        if (!output.IsGiven) return;
        output.Apart(a);
        output.Apart(b);
        output.Apart(c);
        output.Apart(d);
        output.Apart(e);
    }

    /// <summary>The options as the library holds them. A thread that gives the same ones again does not make them again.</summary>
    private static CongruenceOptions Options(RowLossFields* fields)
    {
        RowLossFields given = fields == null ? RowLossFields.Default : *fields;
        if (_last is { } last && last.Fields.Same(given)) return last.Options;
        var choice = new RowLossChoice(given, given.ToOptions());
        _last = choice;
        return choice.Options;
    }

    private sealed record RowLossChoice(RowLossFields Fields, CongruenceOptions Options);
}
