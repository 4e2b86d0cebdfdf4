namespace GracefulKernels;

/// <summary>Convex combinations of networks of one graph.</summary>
internal static class WeightMix
{
    /// <param name="networks">Of one graph.</param>
    /// <param name="shares">c ≥ 0, of sum 1.</param>
    /// <param name="importances">Of each network's parameters, or null for 1: shares are multiplied by them, and divided by their sum again.</param>
    public static Network Of(IReadOnlyList<Network> networks, double[] shares, DiagonalCurvature[]? importances = null)
    {
        float[] weights = new float[networks[0].HostWeights.Length], values = new float[networks.Count];
        double[] c = [.. shares];
        IReadOnlyList<ParameterInfo> parameters = networks[0].Parameters.Parameters;
        for (int p = 0; p < parameters.Count; p++)
        {
            for (int k = 0; k < parameters[p].Length; k++)
            {
                int at = (int)parameters[p].Offset + k;
                for (int i = 0; i < values.Length; i++) values[i] = networks[i].HostWeights[at];
                if (importances is not null) Weigh(c, shares, importances, p, k);
                weights[at] = Sum(c, values);
            }
        }
        return networks[0].WithMixed(weights, (layer, variance) =>
        {
            float[][] all = [.. networks.Select(n => variance ? n.Statistics(layer).Variance : n.Statistics(layer).Mean)];
            float[] mixed = new float[all[0].Length], column = new float[all.Length];
            for (int k = 0; k < mixed.Length; k++)
            {
                for (int i = 0; i < column.Length; i++) column[i] = all[i][k];
                mixed[k] = Sum(shares, column);
            }
            return mixed;
        });
    }

    private static void Weigh(double[] c, double[] shares, DiagonalCurvature[] importances, int parameter, int element)
    {
        double sum = 0;
        for (int i = 0; i < c.Length; i++) sum += c[i] = shares[i] * (importances[i].Sums[parameter][element] / importances[i].Count);
        for (int i = 0; i < c.Length; i++) c[i] = sum > 0 ? c[i] / sum : shares[i];
    }

    /// <summary>About the first of them, so that what all have in common stays as it is whatever the shares round to.</summary>
    private static float Sum(double[] c, float[] values)
    {
        double sum = 0;
        // A share of 1 takes its number as it is.
        for (int i = 0; i < c.Length; i++)
        {
            if (c[i] == 1) return values[i];
            sum += c[i] * ((double)values[i] - values[0]);
        }
        return (float)(values[0] + sum);
    }
}
