using GracefulKernels.Experiments.Data;

namespace GracefulKernels.Experiments.BackwardCompatible;

/// <summary>What the old model was trained on, and which of its classes are which of the new ones.</summary>
/// <param name="Name">In files.</param>
/// <param name="Title">In pictures.</param>
/// <param name="Train">Labels are the old classes.</param>
/// <param name="Map">To the new classes.</param>
internal sealed record OldData(string Name, string Title, LabelledImages Train, ClassMap Map)
{
    /// <summary>All images of the first five classes.</summary>
    public static OldData HalfOfTheClasses(LabelledImages train)
    {
        const int Classes = LabelledImages.Classes / 2;
        int[] rows = [.. Enumerable.Range(0, train.Count).Where(i => train.Labels[i] < Classes)];
        return new OldData("classes", "half of the classes", train.Take(rows), ClassMap.Grown(Classes, LabelledImages.Classes));
    }

    /// <summary>The first half of the images, of all classes.</summary>
    public static OldData HalfOfTheImages(LabelledImages train)
        => new("images", "half of the images", train.First(train.Count / 2), ClassMap.Grown(LabelledImages.Classes, LabelledImages.Classes));
}
