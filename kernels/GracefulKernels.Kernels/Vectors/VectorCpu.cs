namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void Axpby(float alpha, Block<float> x, float beta, Block<float> y) => throw new NotImplementedException();

    public void Add(Block<float> a, Block<float> b, Block<float> y) => throw new NotImplementedException();

    public void Multiply(Block<float> a, Block<float> b, Block<float> y) => throw new NotImplementedException();

    public double Dot(Block<float> x, Block<float> y) => throw new NotImplementedException();

    public void Narrow(double scale, Block<double> x, Block<float> y) => throw new NotImplementedException();

    public void Widen(Block<float> x, Block<double> y) => throw new NotImplementedException();
}
