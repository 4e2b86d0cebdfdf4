namespace GracefulKernels;

/// <summary>Data that was not trained on, to judge an update by.</summary>
/// <param name="Images">[m × height × width × channels], as the whole network takes them.</param>
/// <param name="Labels">[m], each in [0, C).</param>
/// <param name="OldLogits">[m × C] of the old model on the same images.</param>
public sealed record HeldOutSamples(ReadOnlyMemory<float> Images, ReadOnlyMemory<int> Labels, ReadOnlyMemory<float> OldLogits)
{
    /// <summary>Order of the elements of an image.</summary>
    public ImageLayout Layout { get; init; } = ImageLayout.Nhwc;

    internal void Expect(Network network, int outputs, string name)
    {
        network.CheckImages(Images.Span, Labels.Length, Layout, name);
        if (Labels.IsEmpty) throw new ArgumentException($"{name} has no sample.", name);
        Check.Labels(Labels.Span, outputs, name);
        Check.Matrix(OldLogits.Length, Labels.Length, outputs, name, "held-out samples × outputs, the old logits");
    }

    internal FlipCounts Flips(ReadOnlySpan<float> logits, ComputeDevice device)
        => FlipCounts.FromLogits(OldLogits.Span, logits, Labels.Span, logits.Length / Labels.Length, device: device);
}
