namespace GracefulKernels.Kernels;

/// <summary>Packs the weights of a correlation, [taps·channels × columns], group by group of columns.</summary>
internal unsafe interface ITapWeights
{
    /// <summary>Packs <paramref name="columns"/> columns from <paramref name="column"/> on, as the sub-panels of <see cref="Panel"/>.</summary>
    void Pack(int column, int columns, float* destination);
}

/// <summary>Weights [out, taps · in] as a convolution reads them: a column is a row of what is stored. A pair stacks two.</summary>
internal readonly unsafe struct ForwardWeights<TLanes, TDoubles>(float* first, float* second, int patchLength) : ITapWeights
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private readonly float* _first = first;
    private readonly float* _second = second;
    private readonly int _patchLength = patchLength;

    public void Pack(int column, int columns, float* destination)
    {
        int sub = TileCpu<TLanes, TDoubles>.SubPanel(TileCpu<TLanes, TDoubles>.Width(columns));
        for (int j = 0; j < columns; j += sub)
        {
            int count = Math.Min(sub, columns - j);
            destination = PackOne(_first, column + j, count, sub, destination);
            if (_second != null) destination = PackOne(_second, column + j, count, sub, destination);
        }
    }

    private float* PackOne(float* weights, int column, int count, int sub, float* destination)
    {
        PackedColumns<TLanes, TDoubles>.Turned(weights + ((nint)column * _patchLength), _patchLength, _patchLength, count, sub, destination);
        return destination + ((nint)_patchLength * sub);
    }
}

/// <summary>
/// The same weights as the transposed convolution reads them: rows are (tap, out), columns are input channels. The taps of one residue run
/// backward through the kernel: ky = <paramref name="lastY"/> − t·<paramref name="stepY"/>.
/// </summary>
internal readonly unsafe struct TransposedWeights<TLanes, TDoubles>(
    float* weights, int outChannels, int channels, int kernelHeight, int kernelWidth, int lastY, int stepY, int countY, int lastX, int stepX, int countX)
    : ITapWeights
    where TLanes : struct, ILanes<TLanes, TDoubles>
    where TDoubles : struct, IDoubleLanes<TDoubles>
{
    private readonly float* _weights = weights;

    public void Pack(int column, int columns, float* destination)
    {
        int sub = TileCpu<TLanes, TDoubles>.SubPanel(TileCpu<TLanes, TDoubles>.Width(columns));
        nint patchLength = (nint)kernelHeight * kernelWidth * channels;
        for (int j = 0; j < columns; j += sub)
        {
            for (int y = 0; y < countY; y++)
            {
                for (int x = 0; x < countX; x++)
                {
                    nint tap = ((lastY - (y * stepY)) * kernelWidth) + lastX - (x * stepX);
                    float* source = _weights + (tap * channels) + column + j;
                    PackedColumns<TLanes, TDoubles>.Straight(source, patchLength, outChannels, Math.Min(sub, columns - j), sub, destination);
                    destination += (nint)outChannels * sub;
                }
            }
        }
    }
}
