using GracefulKernels.Kernels;

namespace GracefulKernels.Tests;

/// <summary>The row losses in fp64, one row at a time, written from the formulas alone.</summary>
internal static class LossReference
{
    public sealed record Row(double Base, double Distance, double Weight, double Value, double[] Gradient, int ArgmaxNew, int ArgmaxOld);

    public static Row Evaluate(in RowLossOptions o, ReadOnlySpan<float> zNew, ReadOnlySpan<float> zOld, int label, ReadOnlySpan<float> reference = default)
    {
        int classes = zNew.Length;
        bool hasOld = !zOld.IsEmpty;
        int argmaxNew = Argmax(zNew), argmaxOld = hasOld ? Argmax(zOld) : -1;
        OldDistance kind = hasOld ? o.Distance : OldDistance.None;
        double weight = (kind == OldDistance.Naive ? 0 : o.FocalAlpha) + (hasOld && argmaxOld == label ? o.FocalBeta : 0);
        double pull = kind == OldDistance.None ? 0 : weight * o.DistanceWeight;
        double[] gradient = new double[classes];
        double baseValue = Base(o, zNew, label, gradient, kind == OldDistance.Naive ? 1 + pull : 1);
        double distance = kind switch
        {
            OldDistance.KlOldNew => KlOldNew(o, zNew, zOld, gradient, pull),
            OldDistance.KlNewOld => KlNewOld(o, zNew, zOld, gradient, pull),
            OldDistance.LogitMatching => Matching(zNew, zOld, gradient, pull),
            OldDistance.LogitDifference => TopDifferences(o, zNew, zOld, reference, label, gradient, pull),
            OldDistance.Naive => baseValue,
            _ => 0,
        };
        double term = pull == 0 && !double.IsNaN(distance) ? 0 : pull * distance;
        for (int k = 0; k < classes; k++) gradient[k] *= o.GradientScale;
        return new Row(baseValue, distance, weight, baseValue + term, gradient, argmaxNew, argmaxOld);
    }

    public static int Argmax(ReadOnlySpan<float> z)
    {
        int best = 0;
        for (int k = 0; k < z.Length; k++)
        {
            if (float.IsNaN(z[k])) return -1;
            if (z[k] > z[best]) best = k;
        }
        return best;
    }

    /// <summary>log softmax(z/τ): −∞ has probability 0, several +∞ share; NaN where there is no softmax.</summary>
    public static double[] LogSoftmax(ReadOnlySpan<float> z, double tau)
    {
        double max = double.NegativeInfinity;
        bool nan = false;
        foreach (float v in z)
        {
            nan |= float.IsNaN(v);
            max = Math.Max(max, v);
        }
        double[] log = new double[z.Length];
        double sum = 0;
        for (int k = 0; k < z.Length; k++)
        {
            log[k] = z[k] == max ? 0 : (z[k] - max) / tau;
            sum += Math.Exp(log[k]);
        }
        for (int k = 0; k < z.Length; k++) log[k] = nan || double.IsNegativeInfinity(max) ? double.NaN : log[k] - Math.Log(sum);
        return log;
    }

    private static double Base(in RowLossOptions o, ReadOnlySpan<float> z, int label, double[] gradient, double factor)
    {
        double value = 0;
        if (o.Base == BaseLoss.CrossEntropy)
        {
            double[] log = LogSoftmax(z, 1);
            for (int k = 0; k < z.Length; k++)
            {
                double q = (k == label ? 1.0 - o.LabelSmoothing : 0) + ((double)o.LabelSmoothing / z.Length);
                if (q != 0 || double.IsNaN(log[k])) value -= q * log[k];
                gradient[k] += factor * (Math.Exp(log[k]) - q);
            }
        }
        if (o.Base == BaseLoss.Squared)
        {
            for (int k = 0; k < z.Length; k++)
            {
                double r = z[k] - (k == label ? o.TargetScale : 0.0);
                value += r * r / 2;
                gradient[k] += factor * r;
            }
        }
        return value;
    }

    private static double KlOldNew(in RowLossOptions o, ReadOnlySpan<float> zNew, ReadOnlySpan<float> zOld, double[] gradient, double pull)
    {
        double[] logNew = LogSoftmax(zNew, o.Temperature), logOld = LogSoftmax(zOld, o.Temperature);
        double factor = o.TemperatureSquared ? (double)o.Temperature * o.Temperature : 1, kl = 0;
        for (int k = 0; k < zNew.Length; k++)
        {
            double p = Math.Exp(logOld[k]);
            if (p != 0) kl += p * (logOld[k] - logNew[k]);
            gradient[k] += pull * factor / o.Temperature * (Math.Exp(logNew[k]) - p);
        }
        return double.IsNaN(logNew[0]) ? double.NaN : kl * factor;
    }

    private static double KlNewOld(in RowLossOptions o, ReadOnlySpan<float> zNew, ReadOnlySpan<float> zOld, double[] gradient, double pull)
    {
        double[] logNew = LogSoftmax(zNew, o.Temperature), logOld = LogSoftmax(zOld, o.Temperature);
        double factor = o.TemperatureSquared ? (double)o.Temperature * o.Temperature : 1, kl = 0;
        for (int k = 0; k < zNew.Length; k++)
        {
            double p = Math.Exp(logNew[k]);
            if (p != 0) kl += p * (logNew[k] - logOld[k]);
        }
        for (int k = 0; k < zNew.Length; k++)
        {
            double p = Math.Exp(logNew[k]);
            if (p != 0) gradient[k] += pull * factor / o.Temperature * p * (logNew[k] - logOld[k] - kl);
        }
        return double.IsNaN(logOld[0]) ? double.NaN : kl * factor;
    }

    private static double Matching(ReadOnlySpan<float> zNew, ReadOnlySpan<float> zOld, double[] gradient, double pull)
    {
        double value = 0;
        for (int k = 0; k < zNew.Length; k++)
        {
            double d = zNew[k] == zOld[k] ? 0 : (double)zNew[k] - zOld[k];
            value += d * d / 2;
            gradient[k] += pull * d;
        }
        return value;
    }

    /// <summary>The classes that LDI takes: by sorting all that may be taken.</summary>
    public static int[] Top(in RowLossOptions o, ReadOnlySpan<float> rank, int label)
    {
        float[] z = rank.ToArray();
        bool exclude = o.ExcludeTrueClass;
        return [.. Enumerable.Range(0, z.Length).Where(k => !exclude || k != label).OrderByDescending(k => z[k]).ThenBy(k => k).Take(Math.Min(o.TopK, z.Length - (exclude ? 1 : 0)))];
    }

    private static double TopDifferences(
        in RowLossOptions o, ReadOnlySpan<float> zNew, ReadOnlySpan<float> zOld, ReadOnlySpan<float> reference, int label, double[] gradient, double pull)
    {
        ReadOnlySpan<float> rank = o.RankBy switch { RankSource.New => zNew, RankSource.Old => zOld, _ => reference };
        if (Argmax(zNew) < 0 || Argmax(zOld) < 0 || Argmax(rank) < 0)
        {
            Array.Fill(gradient, double.NaN);
            return double.NaN;
        }
        int count = Math.Max(1, Math.Min(o.TopK, zNew.Length - (o.ExcludeTrueClass ? 1 : 0)));
        double sum = 0;
        foreach (int k in Top(o, rank, label))
        {
            double d = zNew[k] == zOld[k] ? 0 : (double)zNew[k] - zOld[k];
            double excess = (o.OneSided ? k == label ? -d : d : Math.Abs(d)) - o.Margin;
            if (excess <= 0) continue;
            sum += Math.Pow(excess, o.Power);
            if (pull != 0) gradient[k] += pull * o.Power / count * Math.Pow(excess, o.Power - 1) * Math.Sign(d);
        }
        return sum / count;
    }
}
