namespace GracefulKernels;

public sealed partial class LinearizedModel
{
    /// <summary>
    /// The linearised embedding <c>φ_lin(x) = φ0(x) + J_φ(x)·d</c>, [samples × F]: what the model is searched by. φ is the input of the head; d enters with the parameters before it, so
    /// where the head alone was linearised this is φ0. The outputs of a frozen head are <c>κ_old φ_lin(x) + b_old</c> exactly; those of the own head are
    /// not <c>(W0 + dW) φ_lin + b</c> but its linear part, <c>W0 φ_lin + dW φ0 + b</c>.
    /// </summary>
    /// <remarks>Columns as those of <see cref="Network.Features"/>: a flattened image is in the order channel, row, column.</remarks>
    /// <inheritdoc cref="Network.Predict"/>
    /// <exception cref="InvalidOperationException">The network does not end in a linear layer.</exception>
    public float[] Features(
        ReadOnlySpan<float> images, int samples, ImageLayout layout = ImageLayout.Nhwc, int batchSize = 128, CancellationToken cancellation = default)
    {
        LayerShape shape = Network.HeadInput().Shape;
        Check.Positive(batchSize);
        NetworkSplit inner = Network.Split(LinearizationScope.Head);
        float[] inputs;
        if (inner.Trunk is { Parameters.Count: > 0 } embedding)
        {
            using ParameterVector d = Update.Part(embedding.Parameters);
            inputs = new LinearizedModel(new NetworkSplit(Split.Scope, Trunk, embedding), d).Predict(images, samples, layout, batchSize, cancellation);
        }
        else
        {
            // Nothing before the head was linearised: what it takes is what the frozen layers give.
            inputs = inner.TailInputs(Split.TailInputs(images, samples, layout, batchSize, cancellation), samples, ImageLayout.Nhwc, batchSize, cancellation);
        }
        GC.KeepAlive(this);
        return Network.FeatureColumns(inputs, samples, shape);
    }

    /// <summary>
    /// The same model without its frozen head, which served the training alone: d has nothing in it. This is the model to keep (<see cref="SaveFolder"/>); the model itself where there is no
    /// frozen head.
    /// </summary>
    public LinearizedModel WithoutFrozenHead() => Network.HasFrozenHead
        ? new LinearizedModel(new NetworkSplit(Split.Scope, Trunk, Network.WithoutFrozenHead()), Update, Lambda, Alpha, HeadFromZero)
        : this;
}
