namespace GracefulKernels;

/// <summary>
/// A network in two parts, <c>Tail(Trunk(x)) = Network(x)</c> bit for bit: a trunk that stays as it is, and a tail that is linearised and trained and takes the
/// trunk's output as its input. Made by <see cref="Network.Split"/>.
/// </summary>
public sealed class NetworkSplit
{
    internal NetworkSplit(LinearizationScope scope, Network? trunk, Network tail)
    {
        Scope = scope;
        Trunk = trunk;
        Tail = tail;
    }

    /// <summary>What was asked for.</summary>
    public LinearizationScope Scope { get; }

    /// <summary>The frozen part; null where the tail is the whole network. Its <see cref="Network.Predict"/> gives [n × elements], channels last.</summary>
    public Network? Trunk { get; }

    /// <summary>The trainable part. Its parameters keep their names; its input is channels last whatever the order of the images was.</summary>
    public Network Tail { get; }

    /// <summary>What the tail takes: the trunk's outputs [samples × elements], channels last; without a trunk the images themselves in that order.</summary>
    /// <inheritdoc cref="Network.Predict"/>
    public float[] TailInputs(
        ReadOnlySpan<float> images, int samples, ImageLayout layout = ImageLayout.Nhwc, int batchSize = 128, CancellationToken cancellation = default)
    {
        if (Trunk is not null) return Trunk.Predict(images, samples, layout, batchSize, cancellation);
        Tail.CheckImages(images, samples, layout);
        return new ImageStaging(Tail.InputShape, layout, samples).ChannelsLast(images, samples).ToArray();
    }

    /// <summary>The trunk with <paramref name="tail"/> behind it, as one network: after training, or with another head.</summary>
    /// <param name="tail">Takes what the trunk gives; where there is no trunk it is the result.</param>
    /// <exception cref="ArgumentException">The tail's input is not the trunk's output, or a layer of both has the same name.</exception>
    public Network Join(Network tail)
    {
        ArgumentNullException.ThrowIfNull(tail);
        if (tail.InputShape != Tail.InputShape)
        {
            throw new ArgumentException($"tail takes {tail.InputShape}; the trunk gives {Tail.InputShape}.", nameof(tail));
        }
        return Trunk is null ? tail : Network.Joined(Trunk, tail);
    }
}
