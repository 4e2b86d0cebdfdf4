namespace GracefulKernels.Kernels;

/// <summary>Work cut into chunks of fixed size. Which thread runs a chunk is left open, so a chunk's result may not depend on it.</summary>
internal interface IJob
{
    /// <summary>Runs chunk number <paramref name="chunk"/>.</summary>
    void Execute(int chunk);
}
