namespace GracefulKernels;

/// <summary>A solver or trainer diverged: its loss is not finite or has grown beyond reason.</summary>
public sealed class DivergenceException : ArithmeticException
{
    internal DivergenceException(string what, int epoch, double loss, double start, double learningRate, double initial)
        : base($"{what} diverged in epoch {epoch}: loss {loss:G4}, at the start {start:G4}, with learning rate {initial:R} ({learningRate:R} by then). Use a smaller one.")
    {
        Epoch = epoch;
        LearningRate = initial;
    }

    /// <summary>From 1.</summary>
    public int Epoch { get; }

    /// <summary>η at the start of the schedule.</summary>
    public double LearningRate { get; }
}
