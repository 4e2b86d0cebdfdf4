namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void ConvolutionForward(in ConvolutionShape shape, Block<float> x, Block<float> w, Block<float> y, in Epilogue epilogue)
        => Convolve(shape, x.Pointer, w.Pointer, null, null, y.Pointer, epilogue);

    public void ConvolutionForwardPair(
        in ConvolutionShape shape,
        Block<float> x1,
        Block<float> w1,
        Block<float> x2,
        Block<float> w2,
        Block<float> y,
        in Epilogue epilogue) => Convolve(shape, x1.Pointer, w1.Pointer, x2.Pointer, w2.Pointer, y.Pointer, epilogue);

    public void ConvolutionInputGradient(in ConvolutionShape shape, Block<float> dy, Block<float> w, float beta, Block<float> dx)
    {
        if (shape.IsPlainProduct)
        {
            var product = new GemmShape(shape.Batch * shape.Positions, shape.InChannels, shape.OutChannels);
            Gemm(product, 1f, dy, w, beta, dx, default);
            return;
        }
        if (InputGradientByScatter<TLanes, TDoubles>.Suits(shape))
        {
            InputGradientByScatter<TLanes, TDoubles>.Run(_workers, shape, dy.Pointer, w.Pointer, beta, dx.Pointer);
            return;
        }
        int down = Math.Min(shape.StrideY, shape.Height), along = Math.Min(shape.StrideX, shape.Width);
        var phases = Scratch.Get<CorrelationPhase<TransposedWeights<TLanes, TDoubles>>>(ScratchSlot.Phases, Math.Max((long)down * along, 1));
        for (int y = 0; y < down; y++)
        {
            for (int x = 0; x < along; x++) phases[(y * along) + x] = TransposedPhase(shape, dy.Pointer, w.Pointer, dx.Pointer, y, x);
        }
        var output = new Output(1f, beta, shape.InChannels, default);
        if (down * along > 0) CorrelationCpu<TLanes, TDoubles, TransposedWeights<TLanes, TDoubles>>.Run(_workers, phases, down * along, output);
    }

    private void Convolve(in ConvolutionShape s, float* x1, float* w1, float* x2, float* w2, float* y, in Epilogue epilogue)
    {
        if (s.IsPlainProduct)
        {
            var product = new GemmShape(s.Batch * s.Positions, s.OutChannels, s.InChannels, transposeB: true);
            Product(product, x2 == null ? 1 : 2, 1f, x1, w1, x2, w2, 0f, y, epilogue);
            return;
        }
        var correlation = new Correlation
        {
            Batch = s.Batch,
            Channels = s.InChannels,
            Y = new TapAxis(s.Height, s.OutHeight, s.StrideY, -s.PadTop, s.DilationY, s.KernelHeight),
            X = new TapAxis(s.Width, s.OutWidth, s.StrideX, -s.PadLeft, s.DilationX, s.KernelWidth),
            Source1 = x1,
            Source2 = x2,
            Target = y,
            Columns = s.OutChannels,
            TargetImage = (long)s.Positions * s.OutChannels,
            TargetRow = (long)s.OutWidth * s.OutChannels,
            TargetPosition = s.OutChannels,
        };
        var phase = new CorrelationPhase<ForwardWeights<TLanes, TDoubles>> { Correlation = correlation, Weights = new(w1, w2, s.PatchLength) };
        CorrelationCpu<TLanes, TDoubles, ForwardWeights<TLanes, TDoubles>>.Run(_workers, &phase, 1, new Output(1f, 0f, s.OutChannels, epilogue));
    }

    /// <summary>
    /// The input positions that leave the remainders (<paramref name="y"/>, <paramref name="x"/>) by the stride: they meet the same taps, so
    /// together they are one convolution of dy with stride 1: a phase of the gradient.
    /// </summary>
    private static CorrelationPhase<TransposedWeights<TLanes, TDoubles>> TransposedPhase(in ConvolutionShape s, float* dy, float* w, float* dx, int y, int x)
    {
        Residue ry = Residue.Of(y, s.PadTop, s.StrideY, s.DilationY, s.KernelHeight);
        Residue rx = Residue.Of(x, s.PadLeft, s.StrideX, s.DilationX, s.KernelWidth);
        var correlation = new Correlation
        {
            Batch = s.Batch,
            Channels = s.OutChannels,
            Y = new TapAxis(s.OutHeight, (s.Height - y + s.StrideY - 1) / s.StrideY, 1, ry.Start, ry.SourceStep, ry.Count),
            X = new TapAxis(s.OutWidth, (s.Width - x + s.StrideX - 1) / s.StrideX, 1, rx.Start, rx.SourceStep, rx.Count),
            Source1 = dy,
            Target = dx + (((nint)y * s.Width) + x) * s.InChannels,
            Columns = s.InChannels,
            TargetImage = (long)s.Height * s.Width * s.InChannels,
            TargetRow = (long)s.StrideY * s.Width * s.InChannels,
            TargetPosition = (long)s.StrideX * s.InChannels,
        };
        var weights = new TransposedWeights<TLanes, TDoubles>(
            w, s.OutChannels, s.InChannels, s.KernelHeight, s.KernelWidth, ry.LastTap, ry.TapStep, ry.Count, rx.LastTap, rx.TapStep, rx.Count);
        return new() { Correlation = correlation, Weights = weights };
    }
}
