namespace GracefulKernels;

/// <summary>Raw sums of squared gradients as safetensors in F64, a tensor <c>'block.S'</c> each.</summary>
internal static class MomentsFile
{
    private const string Format = "graceful-second-moments/1";

    public static void Save(SecondMoments moments, string path)
    {
        SafetensorsWriter writer = BlockFile.Begin(path, Format, moments.Blocks);
        writer.AddMetadata("samples", BlockFile.Print(moments.Samples));
        writer.AddMetadata("basis", moments.Basis);
        for (int i = 0; i < moments.Blocks.Count; i++)
        {
            MomentBlock b = moments.Blocks[i];
            writer.AddMetadata($"block.{i}.count", BlockFile.Print(b.Count));
            writer.Add($"{b.Name}.S", b.Sum, b.Rows, b.Columns);
        }
        writer.Save(path);
    }

    public static SecondMoments Load(string path)
    {
        using SafetensorsReader reader = SafetensorsReader.Open(path);
        _ = BlockFile.Expect(reader, Format);
        var blocks = new List<MomentBlock>();
        foreach (BlockHeader h in BlockFile.Blocks(reader))
        {
            SafetensorsEntry entry = reader.Find($"{h.Name}.S");
            int columns = entry.Shape.Count == 2 && entry.Shape[1] is > 0 and <= int.MaxValue ? (int)entry.Shape[1] : 1;
            double[] sum = BlockFile.Matrix(reader, entry.Name, h.Rows, columns);
            int bad = Array.FindIndex(sum, v => v < 0);
            if (bad >= 0) throw new InvalidDataException($"{path}: element {bad} of tensor '{entry.Name}' is {sum[bad]}; a sum of squares is not negative.");
            blocks.Add(new MomentBlock(h, columns, sum, BlockFile.Number(reader, $"block.{h.Index}.count", 1, 1e300)));
        }
        BlockFile.ExpectTensors(reader, blocks.Count);
        return new SecondMoments(blocks, (long)BlockFile.Number(reader, "samples", 1, long.MaxValue), BlockFile.Text(reader, "basis"));
    }
}
