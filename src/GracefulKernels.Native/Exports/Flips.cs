using System.Numerics;
using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Native;

/// <summary>Prediction flips.</summary>
internal static unsafe class Flips
{
    /// <summary>Counts of one model against the others must be addressable beside those of the others.</summary>
    private const int MostModels = 32768;

    [UnmanagedCallersOnly(EntryPoint = "gk_flips_from_logits")]
    public static int FromLogits(
        nint device,
        long rows,
        long classes,
        float* oldLogits,
        long ldOld,
        float* newLogits,
        long ldNew,
        int* labels,
        int ignoreIndex,
        FlipSummary* counts,
        FlipSummary* perClass)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int n = Argument.Size(rows, "rows"), c = Argument.Size(classes, "classes", 1, Labels.MostClasses);
            Operand ofOld = Operand.Matrix(oldLogits, n, c, ldOld, "old_logits", "ld_old"), ofNew = Operand.Matrix(newLogits, n, c, ldNew, "new_logits", "ld_new");
            Operand ofLabels = Operand.Vector(labels, n, "labels"), ofCounts = Operand.Vector(counts, 1, "counts"), ofTables = Operand.Optional(perClass, c, "per_class");
            Apart(ofCounts, ofTables, ofOld, ofNew, ofLabels);
            Labels.Check(labels, n, c, ignoreIndex);
            Block<long> tables = Cleared(perClass, c);
            *counts = new FlipSummary(use.Target.Kernels.FlipsFromLogits(
                n, c, ofOld.Block<float>(), (int)ldOld, ofNew.Block<float>(), (int)ldNew, ofLabels.Block<int>(), ignoreIndex, tables));
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_flips_from_predictions")]
    public static int FromPredictions(
        nint device, long rows, long classes, int* oldPredictions, int* newPredictions, int* labels, int ignoreIndex, FlipSummary* counts, FlipSummary* perClass)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int n = Argument.Size(rows, "rows"), c = Argument.Size(classes, "classes", 1, Labels.MostClasses);
            Operand ofOld = Operand.Vector(oldPredictions, n, "old_predictions"), ofNew = Operand.Vector(newPredictions, n, "new_predictions");
            Operand ofLabels = Operand.Vector(labels, n, "labels"), ofCounts = Operand.Vector(counts, 1, "counts"), ofTables = Operand.Optional(perClass, c, "per_class");
            Apart(ofCounts, ofTables, ofOld, ofNew, ofLabels);
            Labels.Check(labels, n, c, ignoreIndex);
            Labels.CheckPredictions(oldPredictions, n, c, "old_predictions");
            Labels.CheckPredictions(newPredictions, n, c, "new_predictions");
            Block<long> tables = Cleared(perClass, c);
            *counts = new FlipSummary(use.Target.Kernels.FlipsFromPredictions(
                n, ofOld.Block<int>(), ofNew.Block<int>(), ofLabels.Block<int>(), ignoreIndex, c, tables));
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_pairwise_flips")]
    public static int Pairwise(nint device, long models, long rows, int* predictions, int* labels, int ignoreIndex, long* negative, long* differ)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int count = Argument.Size(models, "models", 1, MostModels), n = Argument.Size(rows, "rows");
            Operand ofPredictions = Operand.Matrix(predictions, count, n, "predictions"), ofLabels = Operand.Vector(labels, n, "labels");
            Operand ofNegative = Operand.Matrix(negative, count, count, "negative"), ofDiffer = Operand.Optional(differ, count, count, "differ");
            foreach (Operand output in (ReadOnlySpan<Operand>)[ofNegative, ofDiffer])
            {
                output.Apart(ofPredictions);
                output.Apart(ofLabels);
            }
            ofDiffer.Apart(ofNegative);
            for (int i = 0; i < n; i++)
            {
                if (labels[i] < 0 && labels[i] != ignoreIndex) throw CallException.Argument($"labels[{i}] is {labels[i]}; expected at least 0, or {ignoreIndex} for a row to leave out.");
            }
            IKernels kernels = use.Target.Kernels;
            long words = (n + 63L) / 64;
            int planes = ofDiffer.IsGiven ? Planes(predictions, (long)count * n) : 1;
            using DeviceMemory memory = kernels.Allocate(count * planes * words * sizeof(ulong));
            Block<ulong> bits = memory.AsBlock<ulong>();
            Block<int> all = ofPredictions.Block<int>(), of = ofLabels.Block<int>();
            for (int m = 0; m < count; m++) kernels.PackCorrect(n, all.Slice((long)m * n, n), of, ignoreIndex, bits.Slice(m * words, words));
            kernels.PairwiseFlips(count, words, bits, ofNegative.Block<long>());
            if (!ofDiffer.IsGiven) return 0;
            for (int m = 0; m < count; m++)
            {
                kernels.PackPredictions(n, all.Slice((long)m * n, n), of, ignoreIndex, planes, bits.Slice(m * planes * words, planes * words));
            }
            kernels.PairwiseDiffer(count, planes, words, bits, ofDiffer.Block<long>());
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    private static void Apart(in Operand counts, in Operand perClass, in Operand oldOnes, in Operand newOnes, in Operand labels)
    {
        foreach (Operand output in (ReadOnlySpan<Operand>)[counts, perClass])
        {
            output.Apart(oldOnes);
            output.Apart(newOnes);
            output.Apart(labels);
        }
        perClass.Apart(counts);
    }

    /// <summary>The kernels add to the tables of the classes.</summary>
    private static Block<long> Cleared(FlipSummary* perClass, int classes)
    {
        if (perClass == null) return default;
        NativeMemory.Clear(perClass, (nuint)classes * (nuint)sizeof(FlipSummary));
        return new Block<long>((long*)perClass, (long)classes * FlipTable.Fields);
    }

    /// <summary>Binary digits that tell the predictions apart: all 32 where one is negative, at least one.</summary>
    private static int Planes(int* predictions, long count)
    {
        int digits = 1;
        for (long i = 0; i < count; i++) digits |= predictions[i];
        return 32 - BitOperations.LeadingZeroCount((uint)digits);
    }
}
