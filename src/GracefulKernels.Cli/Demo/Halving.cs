namespace GracefulKernels.Cli.Demo;

/// <summary>Training that starts again at half the learning rate when it diverges, so that no seed ends the demo.</summary>
internal static class Halving
{
    private const int Attempts = 40;

    /// <exception cref="DivergenceException">It diverges at every rate.</exception>
    public static T Run<T>(double rate, Func<double, T> train)
    {
        for (int attempt = 1; ; attempt++, rate /= 2)
        {
            try
            {
                return train(rate);
            }
            catch (DivergenceException) when (attempt < Attempts)
            {
            }
        }
    }
}
