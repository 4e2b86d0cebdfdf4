using System.Diagnostics;

namespace GracefulKernels.Kernels;

internal sealed unsafe partial class CpuKernels<TLanes, TDoubles>
{
    public void TakeColumns(int rows, Block<int> columns, Block<float> source, int ld, Block<float> taken)
    {
        Debug.Assert(taken.Length >= rows * columns.Length);
        if (rows == 0 || columns.IsEmpty) return;
        var job = new TakeColumnsJob { Rows = rows, Columns = columns, Source = source.Pointer, Ld = ld, Taken = taken.Pointer };
        _workers.Run(Chunks.Count(rows, Chunks.Rows(columns.Length)), ref job);
    }

    public void AddColumns(int rows, Block<int> columns, Block<float> factors, Block<float> source, Block<float> destination, int ld)
    {
        Debug.Assert(source.Length >= rows * columns.Length && factors.Length >= rows);
        if (rows == 0 || columns.IsEmpty) return;
        var job = new AddColumnsJob { Rows = rows, Columns = columns, Factors = factors.Pointer, Source = source.Pointer, Destination = destination.Pointer, Ld = ld };
        _workers.Run(Chunks.Count(rows, Chunks.Rows(columns.Length)), ref job);
    }

    private struct TakeColumnsJob : IJob
    {
        public int Rows;
        public Block<int> Columns;
        public float* Source;
        public int Ld;
        public float* Taken;

        public readonly void Execute(int chunk)
        {
            int count = (int)Columns.Length;
            int* columns = Columns.Pointer;
            long perChunk = Chunks.Rows(count), start = chunk * perChunk, end = Math.Min(Rows, start + perChunk);
            for (long row = start; row < end; row++)
            {
                float* from = Source + (row * Ld), to = Taken + (row * count);
                for (int j = 0; j < count; j++) to[j] = from[columns[j]];
            }
        }
    }

    private struct AddColumnsJob : IJob
    {
        public int Rows;
        public Block<int> Columns;
        public float* Factors;
        public float* Source;
        public float* Destination;
        public int Ld;

        public readonly void Execute(int chunk)
        {
            int count = (int)Columns.Length;
            int* columns = Columns.Pointer;
            long perChunk = Chunks.Rows(count), start = chunk * perChunk, end = Math.Min(Rows, start + perChunk);
            for (long row = start; row < end; row++)
            {
                float factor = Factors[row];
                if (factor == 0) continue;
                float* from = Source + (row * count), to = Destination + (row * Ld);
                for (int j = 0; j < count; j++) to[columns[j]] += factor * from[j];
            }
        }
    }
}
