namespace GracefulKernels.Experiments.Data;

/// <summary>Draws a few samples of each class.</summary>
internal static class FewShot
{
    /// <summary>The first <paramref name="perClass"/> samples of every class in an order that the seed gives: a larger draw holds the smaller ones.</summary>
    /// <exception cref="ArgumentException">A class has fewer.</exception>
    public static LabelledImages Draw(LabelledImages pool, int perClass, int seed)
    {
        int[] order = [.. Enumerable.Range(0, pool.Count)];
        new Random(seed).Shuffle(order);
        int[] taken = new int[LabelledImages.Classes];
        List<int> rows = [];
        foreach (int row in order)
        {
            if (taken[pool.Labels[row]]++ < perClass) rows.Add(row);
        }
        int poor = Array.FindIndex(taken, t => t < perClass);
        if (poor >= 0) throw new ArgumentException($"class {poor} has {taken[poor]} samples; expected at least {perClass}.", nameof(perClass));
        return pool.Take([.. rows]);
    }
}
