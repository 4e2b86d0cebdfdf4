namespace GracefulKernels;

/// <summary>How much of an update a gallery enjoys without being computed anew.</summary>
public static class UpdateGain
{
    /// <summary>
    /// <c>[M(new, old) − M(old, old)] / [M(new*, new*) − M(old, old)]</c>, query model first, gallery model second: 0 where the new queries are worth what the
    /// old ones were, 1 where they are worth a new gallery (Shen et al. 2020).
    /// </summary>
    /// <param name="oldOld">M(old, old).</param>
    /// <param name="newOld">M(new, old): new queries, old gallery.</param>
    /// <param name="bestBest">M(new*, new*): a new model trained without the constraint, with its own gallery.</param>
    /// <returns>NaN where the unconstrained model is not better than the old one: then there is nothing to gain.</returns>
    public static double Of(double oldOld, double newOld, double bestBest) => bestBest > oldOld ? (newOld - oldOld) / (bestBest - oldOld) : double.NaN;
}
