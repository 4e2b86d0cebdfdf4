namespace GracefulKernels.Experiments.Conditioning;

/// <summary>Every kind of preconditioner for one linearised network at one λ.</summary>
internal sealed class Preconditioners(LinearizedNetwork network, double lambda)
{
    public static readonly string[] Names = ["none", "diagonal", "K-FAC", "K-FAC exact damping", "EKFAC"];

    private readonly Lazy<KroneckerFactors> _factors = new(() => KroneckerFactors.Compute(network));
    private KroneckerEigenbasis? _basis;

    /// <summary>One of <see cref="Names"/>; null for none.</summary>
    public Preconditioner? Make(string name) => name switch
    {
        "none" => null,
        "diagonal" => new DiagonalPreconditioner(DiagonalCurvature.Compute(network), lambda, network.Network.Parameters, network.Network.Device),
        "K-FAC" => new KroneckerPreconditioner(_factors.Value, lambda, network.Network.Parameters, network.Network.Device),
        "K-FAC exact damping" => new EigenPreconditioner(Basis(), lambda, network.Network.Parameters, network.Network.Device),
        "EKFAC" => new EigenPreconditioner(Basis(), lambda, network.Network.Parameters, network.Network.Device, SecondMoments.Compute(network, Basis())),
        _ => throw new ArgumentException($"There is no preconditioner '{name}'.", nameof(name)),
    };

    private KroneckerEigenbasis Basis() => _basis ??= KroneckerEigenbasis.Compute(_factors.Value);
}
