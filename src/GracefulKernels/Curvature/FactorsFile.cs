namespace GracefulKernels;

/// <summary>Raw sums as safetensors: <c>'block.A'</c> and <c>'block.G'</c> in F64. Version 2 names the convention; files of version 1 hold expanded factors.</summary>
internal static class FactorsFile
{
    private const string Format = "graceful-kronecker/2";
    private const string FormatWithoutConvention = "graceful-kronecker/1";

    public static void Save(KroneckerFactors factors, string path)
    {
        SafetensorsWriter writer = BlockFile.Begin(path, Format, factors.Blocks);
        writer.AddMetadata("samples", BlockFile.Print(factors.Samples));
        writer.AddMetadata("weight_sum", BlockFile.Print(factors.WeightSum));
        writer.AddMetadata("convention", factors.Convention.ToString());
        for (int i = 0; i < factors.Blocks.Count; i++)
        {
            KroneckerBlock b = factors.Blocks[i];
            writer.AddMetadata($"block.{i}.input_count", BlockFile.Print(b.InputCount));
            writer.AddMetadata($"block.{i}.output_count", BlockFile.Print(b.OutputCount));
            writer.Add($"{b.Name}.A", b.InputSum, b.Columns, b.Columns);
            if (b.OutputSum is not null) writer.Add($"{b.Name}.G", b.OutputSum, b.Rows, b.Rows);
        }
        writer.Save(path);
    }

    public static KroneckerFactors Load(string path)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        string format = BlockFile.Expect(reader, Format, FormatWithoutConvention);
        FactorConvention convention = FactorConvention.Expand;
        if (format == Format && !(Enum.TryParse(BlockFile.Text(reader, "convention"), out convention) && Enum.IsDefined(convention)))
        {
            throw new InvalidDataException($"{path}: metadata 'convention' is '{BlockFile.Text(reader, "convention")}'; expected Expand or Reduce.");
        }
        var blocks = new List<KroneckerBlock>();
        int tensors = 0;
        foreach (BlockHeader h in BlockFile.Blocks(reader))
        {
            double[] inputs = BlockFile.Square(reader, $"{h.Name}.A", out int columns);
            tensors++;
            double[]? outputs = null;
            if (reader.TryFind($"{h.Name}.G", out _))
            {
                outputs = BlockFile.Matrix(reader, $"{h.Name}.G", h.Rows, h.Rows);
                tensors++;
            }
            blocks.Add(new KroneckerBlock(
                h.Name, h.Rows, columns, h.Weight, h.Bias, inputs, BlockFile.Number(reader, $"block.{h.Index}.input_count", 1, 1e300),
                outputs, BlockFile.Number(reader, $"block.{h.Index}.output_count", 1, 1e300)));
        }
        BlockFile.ExpectTensors(reader, tensors);
        return new KroneckerFactors(
            blocks, (long)BlockFile.Number(reader, "samples", 1, long.MaxValue), BlockFile.Number(reader, "weight_sum", 0, 1e300), convention);
    }
}
