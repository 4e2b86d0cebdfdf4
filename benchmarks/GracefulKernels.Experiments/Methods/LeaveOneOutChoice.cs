using GracefulKernels.Experiments.Data;
using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.Methods;

/// <summary>What leave-one-out chose.</summary>
/// <param name="Recipe">The network at the chosen slope.</param>
/// <param name="Slope">Of its activations.</param>
/// <param name="Lambda">λ for all training samples.</param>
internal sealed record LeaveOneOutChoice(Recipe Recipe, float Slope, double Lambda)
{
    /// <summary>At most so many samples: 1,000 rows of the dual system.</summary>
    private const int Most = 100;

    /// <summary>Where every class has one sample, leaving it out says nothing: this times the mean diagonal of JJᵀ/C is λ.</summary>
    private const double Fallback = 0.01;

    private static readonly double[] Relative = [1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1];

    /// <summary>The slopes of the recipe; where leave-one-out says nothing, the near one for classes that stay and the far one for new ones.</summary>
    public static LeaveOneOutChoice Make(FewShotTask task, LinearizationScope scope)
        => Make(task, scope, task.Shots > 1 ? [Recipe.NearSlope, Recipe.FarSlope] : [task.KeepsHead ? Recipe.NearSlope : Recipe.FarSlope]);

    /// <summary>
    /// Slope and λ of least exact leave-one-out error (dual closed form) on at most <see cref="Most"/> of the training samples; nλ, the weight of the penalty in the sum over
    /// samples, is then that of all samples.
    /// </summary>
    public static LeaveOneOutChoice Make(FewShotTask task, LinearizationScope scope, params ReadOnlySpan<float> slopes)
    {
        LeaveOneOutChoice? best = null;
        double least = double.PositiveInfinity;
        LabelledImages part = FewShot.Draw(task.Train, Math.Min(task.Shots, Most / LabelledImages.Classes), task.Seed);
        foreach (float slope in slopes)
        {
            Recipe recipe = Recipe.At(slope, task);
            NetworkSplit split = recipe.Network.Split(scope);
            using var linearized = new LinearizedNetwork(split.Tail, split.TailInputs(part.Images, part.Count), part.Count);
            double unit = Unit(linearized);
            if (task.Shots == 1) return new LeaveOneOutChoice(recipe, slope, Fallback * unit);
            DualSystem system = DualSystem.Compute(linearized, recipe.Targets(linearized.F0.Span, part.Labels));
            foreach (double relative in Relative)
            {
                double loss = system.Solve(relative * unit).LeaveOneOut().Loss;
                if (loss >= least) continue;
                least = loss;
                best = new LeaveOneOutChoice(recipe, slope, relative * unit * part.Count / task.Train.Count);
            }
        }
        return best!;
    }

    /// <summary><c>tr(JJᵀ)/(nC²)</c>, from the norms of two VJPs of random signs (Hutchinson 1990): what λ is measured by.</summary>
    public static double Unit(LinearizedNetwork linearized)
    {
        const int Probes = 2;
        Random random = new(3);
        double sum = 0;
        float[] signs = new float[linearized.Samples * linearized.Outputs];
        for (int probe = 0; probe < Probes; probe++)
        {
            for (int i = 0; i < signs.Length; i++) signs[i] = (random.Next(2) * 2) - 1;
            using ParameterVector g = linearized.Vjp(signs);
            sum += g.Dot(g);
        }
        return sum / (Probes * signs.Length * (double)linearized.Outputs);
    }
}
