namespace GracefulKernels;

public sealed partial class Network
{
    /// <summary>
    /// Multiplications with an addition behind them that one sample takes: of convolutions <c>out-pixels · out · in · kernel²</c>, of linear layers <c>out · in</c>, frozen heads included.
    /// Biases, activations, pools and normalisations are not counted, as is usual.
    /// </summary>
    public long MultiplyAccumulates => _nodes.Sum(node => node switch
    {
        ConvolutionNode c => c.Convolution.Positions * (long)c.Convolution.PatchLength * c.Convolution.OutChannels,
        LinearNode l => (long)l.InputShape.Elements * l.Shape.Channels,
        FrozenLinearNode f => f.Weight.Length,
        _ => 0,
    });
}
