namespace GracefulKernels;

/// <summary>A solver or trainer diverged: its loss is not finite or has grown beyond reason.</summary>
public sealed class DivergenceException : ArithmeticException
{
    internal DivergenceException(string what, int epoch, double loss, double start, double learningRate)
        : base($"{what} diverged in epoch {epoch}: loss {loss:G4}, at the start {start:G4}, with learning rate {learningRate:R}. Use a smaller one.")
    {
        Epoch = epoch;
        LearningRate = learningRate;
    }

    /// <summary>From 1.</summary>
    public int Epoch { get; }

    /// <summary>η at that epoch.</summary>
    public double LearningRate { get; }
}
