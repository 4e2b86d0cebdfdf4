using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Native;

/// <summary>Search in a gallery.</summary>
internal static unsafe class Search
{
    [UnmanagedCallersOnly(EntryPoint = "gk_top_k")]
    public static int TopK(
        nint device, long queryRows, long galleryRows, long width, long k, float* queries, float* gallery, float* offsets, int* excluded, int* indices, float* scores)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            int q = Argument.Size(queryRows, "query_rows"), g = Argument.Size(galleryRows, "gallery_rows");
            int w = Argument.Size(width, "width", 1), best = Argument.Size(k, "k", 1, TopKShape.MostK);
            Operand ofQueries = Operand.Matrix(queries, q, w, "queries"), ofGallery = Operand.Matrix(gallery, g, w, "gallery");
            Operand ofOffsets = Operand.Optional(offsets, g, "offsets"), ofExcluded = Operand.Optional(excluded, q, "excluded");
            Operand toIndices = Operand.Matrix(indices, q, best, "indices"), toScores = Operand.Matrix(scores, q, best, "scores");
            foreach (Operand output in (ReadOnlySpan<Operand>)[toIndices, toScores])
            {
                output.Apart(ofQueries);
                output.Apart(ofGallery);
                output.Apart(ofOffsets);
                output.Apart(ofExcluded);
            }
            toScores.Apart(toIndices);
            use.Target.Kernels.TopK(
                new TopKShape(q, g, w, best),
                ofQueries.Block<float>(),
                ofGallery.Block<float>(),
                ofOffsets.Block<float>(),
                ofExcluded.Block<int>(),
                toIndices.Block<int>(),
                toScores.Block<float>());
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }
}
