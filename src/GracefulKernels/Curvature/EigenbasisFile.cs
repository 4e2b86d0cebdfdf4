namespace GracefulKernels;

/// <summary>Eigenvalues and eigenvectors (a row each) as safetensors in F64: <c>'block.A.values'</c>, <c>'block.A.vectors'</c>, and likewise for G.</summary>
internal static class EigenbasisFile
{
    private const string Format = "graceful-eigenbasis/1";

    public static void Save(KroneckerEigenbasis basis, string path)
    {
        SafetensorsWriter writer = BlockFile.Begin(path, Format, basis.Blocks);
        writer.AddMetadata("samples", BlockFile.Print(basis.Samples));
        foreach (EigenBlock b in basis.Blocks)
        {
            writer.Add($"{b.Name}.A.values", b.InputEigenvalues, b.Columns);
            writer.Add($"{b.Name}.A.vectors", b.InputVectors, b.Columns, b.Columns);
            if (!b.HasOutputFactor) continue;
            writer.Add($"{b.Name}.G.values", b.OutputEigenvalues, b.Rows);
            writer.Add($"{b.Name}.G.vectors", b.OutputVectors, b.Rows, b.Rows);
        }
        writer.Save(path);
    }

    public static KroneckerEigenbasis Load(string path)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        _ = BlockFile.Expect(reader, Format);
        var blocks = new List<EigenBlock>();
        int tensors = 0;
        foreach (BlockHeader h in BlockFile.Blocks(reader))
        {
            double[] inputVectors = BlockFile.Square(reader, $"{h.Name}.A.vectors", out int columns);
            double[] inputValues = Values(reader, $"{h.Name}.A.values", columns);
            Unit(reader, $"{h.Name}.A.vectors", inputVectors, columns);
            tensors += 2;
            double[]? outputValues = null, outputVectors = null;
            if (reader.TryFind($"{h.Name}.G.values", out _))
            {
                outputVectors = BlockFile.Matrix(reader, $"{h.Name}.G.vectors", h.Rows, h.Rows);
                outputValues = Values(reader, $"{h.Name}.G.values", h.Rows);
                Unit(reader, $"{h.Name}.G.vectors", outputVectors, h.Rows);
                tensors += 2;
            }
            blocks.Add(new EigenBlock(h, columns, inputValues, inputVectors, outputValues, outputVectors));
        }
        BlockFile.ExpectTensors(reader, tensors);
        return new KroneckerEigenbasis(blocks, (long)BlockFile.Number(reader, "samples", 1, long.MaxValue));
    }

    private static double[] Values(SafetensorsReader reader, string name, int count)
    {
        double[] values = BlockFile.Matrix(reader, name, count);
        int bad = Array.FindIndex(values, v => v < 0);
        return bad < 0 ? values : throw new InvalidDataException($"{reader.FilePath}: element {bad} of tensor '{name}' is {values[bad]}; no eigenvalue is negative.");
    }

    /// <summary>Each row has the norm 1, which a file of something else hardly has.</summary>
    private static void Unit(SafetensorsReader reader, string name, double[] vectors, int n)
    {
        for (int row = 0; row < n; row++)
        {
            double norm = 0;
            foreach (double v in vectors.AsSpan(row * n, n)) norm += v * v;
            if (Math.Abs(norm - 1) <= 1e-9) continue;
            throw new InvalidDataException($"{reader.FilePath}: row {row} of tensor '{name}' has the norm {Math.Sqrt(norm)}; an eigenvector has the norm 1.");
        }
    }
}
