namespace GracefulKernels.Cli.Comparison;

/// <summary>What an update is judged on.</summary>
/// <param name="Old">Outputs of the old model.</param>
/// <param name="New">Outputs of the new model.</param>
/// <param name="Labels">Labels, in the new model's classes.</param>
/// <param name="IgnoreIndex">Rows with this label are left out.</param>
/// <param name="NewOfOld">The new class of each old one, −1 where it is gone; null where both models have the same classes.</param>
/// <param name="MapFile">Where that is from, for messages.</param>
internal sealed record UpdateInputs(Predictions Old, Predictions New, NpyReader Labels, int IgnoreIndex, int[]? NewOfOld = null, string? MapFile = null)
{
    /// <summary>Everything must speak of the same samples and classes.</summary>
    /// <exception cref="InvalidDataException">It does not; both shapes are named.</exception>
    public void Check()
    {
        Predictions.CheckRows([Old, New], Labels);
        if (NewOfOld is null) Predictions.CheckClasses([Old, New]);
        else if (Old.AreLogits != New.AreLogits)
        {
            throw new InvalidDataException($"{New.Path}: found {New.Kind}; expected {(Old.AreLogits ? "logits" : "predictions")} as in {Old.Path}.");
        }
        else if (Old.AreLogits && Old.Classes != NewOfOld.Length)
        {
            throw new InvalidDataException($"{Old.Path}: found {Old.Kind}; expected logits of {NewOfOld.Length} classes, as the class map has.");
        }
    }

    /// <summary>C of the new model: what its logits say, or one more than the largest class that labels, new predictions and the class map name.</summary>
    /// <exception cref="InvalidDataException">There are too many.</exception>
    public int CountClasses(CancellationToken cancellation)
    {
        int classes = ClassCount.Of(NewOfOld is null ? [Old, New] : [New], Labels, IgnoreIndex, cancellation);
        return New.AreLogits || NewOfOld is null ? classes : Math.Max(classes, NewOfOld.Max() + 1);
    }

    /// <exception cref="InvalidDataException">The class map does not go with the new model's classes.</exception>
    public ClassMap? MakeMap(int classes)
    {
        if (NewOfOld is null) return null;
        try
        {
            return new ClassMap(NewOfOld, classes);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{MapFile ?? "The class map"}: found a map that does not go with the {classes} classes of {New.Path}; {e.Message}", e);
        }
    }
}
