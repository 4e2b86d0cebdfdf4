namespace GracefulKernels;

/// <summary>Raw sums of squared gradients as safetensors in F64 under the names and in the layouts of the parameters.</summary>
internal static class DiagonalFile
{
    private const string Format = "graceful-diagonal/1";

    public static void Save(DiagonalCurvature diagonal, string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var writer = new SafetensorsWriter();
        writer.AddMetadata("format", Format);
        writer.AddMetadata("samples", BlockFile.Print(diagonal.Samples));
        writer.AddMetadata("count", BlockFile.Print(diagonal.Count));
        foreach ((ParameterInfo p, double[] sum) in diagonal.Parameters.Zip(diagonal.Sums))
        {
            double[] tensor = new double[p.Length];
            ChannelOrder.ToChannelsFirst<double>(p.Rows, p.Channels, p.Pixels, sum, tensor);
            writer.Add(p.Name, tensor, TensorFile.Shape(p.Shape));
        }
        writer.Save(path);
    }

    public static DiagonalCurvature Load(string path, ParameterLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        _ = BlockFile.Expect(reader, Format);
        var sums = new List<double[]>();
        foreach (ParameterInfo p in layout.Parameters)
        {
            double[] tensor = BlockFile.Matrix(reader, p.Name, TensorFile.Shape(p.Shape)), sum = new double[p.Length];
            int bad = Array.FindIndex(tensor, v => v < 0);
            if (bad >= 0) throw new InvalidDataException($"{path}: element {bad} of tensor '{p.Name}' is {tensor[bad]}; a sum of squares is not negative.");
            ChannelOrder.ToChannelsLast<double>(p.Rows, p.Channels, p.Pixels, tensor, sum);
            sums.Add(sum);
        }
        BlockFile.ExpectTensors(reader, sums.Count);
        return new DiagonalCurvature(
            layout.Parameters, [.. sums], (long)BlockFile.Number(reader, "samples", 1, long.MaxValue), BlockFile.Number(reader, "count", 1, 1e300));
    }
}
