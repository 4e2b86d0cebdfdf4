namespace GracefulKernels.Cli.Demo;

/// <summary>
/// Training that starts again at half the learning rate when it diverges, so that no seed ends the demo. What was halved is kept: the report names it, because
/// those figures are not those of the rate that was asked for.
/// </summary>
internal sealed class Halving
{
    private const int Attempts = 40;

    private readonly List<Halved> _halved = [];

    /// <param name="What">What was trained.</param>
    /// <param name="Asked">The learning rate at first.</param>
    /// <param name="Taken">The one that did not diverge.</param>
    public sealed record Halved(string What, double Asked, double Taken);

    /// <summary>Every training that diverged at first, in order.</summary>
    public IReadOnlyList<Halved> All => _halved;

    /// <exception cref="DivergenceException">It diverges at every rate.</exception>
    public T Run<T>(string what, double rate, Func<double, T> train)
    {
        double taken = rate;
        for (int attempt = 1; ; attempt++, taken /= 2)
        {
            try
            {
                T trained = train(taken);
                if (attempt > 1) _halved.Add(new Halved(what, rate, taken));
                return trained;
            }
            catch (DivergenceException) when (attempt < Attempts)
            {
            }
        }
    }
}
