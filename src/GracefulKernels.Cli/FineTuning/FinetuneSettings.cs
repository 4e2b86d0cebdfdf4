using GracefulKernels.Cli.Samples;

namespace GracefulKernels.Cli.FineTuning;

/// <summary>What a fine-tuning was asked for.</summary>
internal sealed record FinetuneSettings
{
    public required string NetworkPath { get; init; }

    /// <summary>Of the leaky ReLUs; 0 for ReLUs as they were.</summary>
    public required float Slope { get; init; }

    public required FileLayout Layout { get; init; }

    public required Preprocessing Preprocessing { get; init; }

    public required FineTuneOptions Options { get; init; }

    /// <summary>Also fine-tune the ordinary way.</summary>
    public bool Baseline { get; init; }

    /// <summary>Of the baseline.</summary>
    public int Epochs { get; init; } = 30;
}
