using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.Methods;

/// <summary>
/// How LQF is run here. Where the classes are new: ReLU becomes a leaky ReLU (of slope 0.2 or 0.01, by leave-one-out error), the head is fitted by ridge regression to
/// α·e_y, and the head then starts from zero while the trunk's Jacobian is taken at the fitted one: targets <c>f0 + α(e_y − 1/C)</c>, and the fitted head is taken off d in the
/// end. Where the classes are those of the pre-trained network its head stays and the targets are α·e_y. Batch normalisation is kept in both.
/// </summary>
/// <param name="Network">With its head.</param>
/// <param name="FromZero">Whether the head's own outputs are taken off.</param>
internal sealed record Recipe(Network Network, bool FromZero)
{
    /// <summary>α of LQF §3. With a ridge head it also makes the trunk some 97 % of the trace of JJᵀ, which is where errors are least.</summary>
    public const double Alpha = 15;

    /// <summary>The paper's slope, and the one that far transfers want.</summary>
    public const float NearSlope = 0.01f, FarSlope = 0.2f;

    /// <summary>The network of a task at one slope.</summary>
    public static Recipe At(float slope, FewShotTask task)
        => task.KeepsHead ? new Recipe(task.Pretrained.WithLeakyRelu(slope), false) : new Recipe(task.WithNewHead(slope, Alpha).Network, true);

    /// <summary>What the outputs are fitted to, from those of the network itself.</summary>
    public Targets Targets(ReadOnlySpan<float> f0, ReadOnlySpan<int> labels)
    {
        if (!FromZero) return GracefulKernels.Targets.OneHot(labels, LabelledImages.Classes, Alpha);
        float[] values = f0.ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            double indicator = i % LabelledImages.Classes == labels[i / LabelledImages.Classes] ? 1 : 0;
            values[i] += (float)(Alpha * (indicator - (1.0 / LabelledImages.Classes)));
        }
        return new Targets(values, labels.Length, LabelledImages.Classes);
    }

    /// <summary>The model of a solution: with the fitted head taken off d, <c>f0 + Jd</c> begins at zero without a pass of its own.</summary>
    public LinearizedModel Model(NetworkSplit split, ParameterVector d)
    {
        if (!FromZero) return new LinearizedModel(split, d);
        float[] values = d.ToArray();
        int at = 0;
        string head = split.Tail.Parameters.Parameters[^1].Layer;
        foreach (ParameterInfo p in split.Tail.Parameters.Parameters)
        {
            if (p.Layer == head)
            {
                float[] fitted = split.Tail.GetTensor(p.Name);
                for (int i = 0; i < fitted.Length; i++) values[at + i] -= fitted[i];
            }
            at += p.Length;
        }
        return new LinearizedModel(split, ParameterVector.FromArray(split.Tail.Parameters, split.Tail.Device, values));
    }
}
