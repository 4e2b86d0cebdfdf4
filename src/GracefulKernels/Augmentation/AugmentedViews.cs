namespace GracefulKernels;

/// <summary>
/// A finite set of views of each sample, drawn once: with them the data are n·v samples and the problem stays one least-squares problem,
/// <c>1/(2nv) Σ_i Σ_k ‖f(view_k(x_i)) − t_i‖² + (λ/2)‖d‖²</c>, with one optimum. View k of sample i is row <c>i·v + k</c>; view 0 is the sample itself.
/// </summary>
/// <remarks>
/// The views of a sample are all different, and depend on the seed and its index alone. Leaving a sample out means all of its rows. Predictions on the views of a test
/// sample are averaged by <see cref="Mean"/>.
/// </remarks>
public sealed class AugmentedViews
{
    private readonly LayerShape _shape;
    private readonly ImageView[] _views;

    /// <summary>Draws the views of a set of images.</summary>
    /// <param name="shape">Of one image: <see cref="Network.InputShape"/>.</param>
    /// <param name="samples">n ≥ 0.</param>
    /// <param name="views">v ≥ 1, the image itself counted.</param>
    /// <param name="options">What there is to draw from.</param>
    /// <exception cref="ArgumentException">The samples are vectors, or there are fewer than v different views.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public AugmentedViews(LayerShape shape, int samples, int views, AugmentedViewsOptions? options = null)
    {
        options ??= new AugmentedViewsOptions();
        if (shape.IsFlat) throw new ArgumentException($"shape is {shape}; views are of images [height × width × channels].", nameof(shape));
        ArgumentOutOfRangeException.ThrowIfNegative(samples);
        Check.Positive(views);
        options.Validate(shape, nameof(options));
        int span = (2 * options.Shift) + 1, different = span * span * (options.Mirror ? 2 : 1);
        if (views > different) throw new ArgumentException($"views is {views}; there are {different} different ones with Shift {options.Shift}, Mirror {options.Mirror}.", nameof(views));
        _shape = shape;
        Samples = samples;
        ViewsPerSample = views;
        _views = new ImageView[checked(samples * views)];
        ImageView[] others =
        [
            .. from mirrored in options.Mirror ? new[] { false, true } : [false]
               from down in Enumerable.Range(-options.Shift, span)
               from right in Enumerable.Range(-options.Shift, span)
               let view = new ImageView(mirrored, down, right)
               where !view.IsIdentity
               select view,
        ];
        var random = new CounterRandom((ulong)options.Seed);
        for (int i = 0; i < samples && views > 1; i++)
        {
            int[] order = random.Permutation(others.Length, (ulong)i * (ulong)others.Length);
            for (int k = 1; k < views; k++) _views[(i * views) + k] = others[order[k - 1]];
        }
    }

    /// <summary>n.</summary>
    public int Samples { get; }

    /// <summary>v.</summary>
    public int ViewsPerSample { get; }

    /// <summary>n·v, the number of rows.</summary>
    public int Count => _views.Length;

    /// <summary>The view in a row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ImageView this[int row] => _views[Row(row)];

    /// <summary>The sample that a row is a view of.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public int SampleOf(int row) => Row(row) / ViewsPerSample;

    /// <summary>All views of all images, [n·v × …] in the order of elements that the images have.</summary>
    /// <param name="images">[n × height × width × channels], or as <paramref name="layout"/> says.</param>
    /// <param name="layout">Order of the elements of an image.</param>
    /// <exception cref="ArgumentException">The number of elements does not fit.</exception>
    public float[] Apply(ReadOnlySpan<float> images, ImageLayout layout = ImageLayout.Nhwc)
    {
        if (!Enum.IsDefined(layout)) throw new ArgumentOutOfRangeException(nameof(layout), layout, "Not an order of images.");
        Check.Matrix(images.Length, Samples, _shape.Elements, nameof(images), "samples × elements of an image");
        float[] all = new float[(long)Count * _shape.Elements];
        for (int row = 0; row < Count; row++)
        {
            ReadOnlySpan<float> from = images.Slice(row / ViewsPerSample * _shape.Elements, _shape.Elements);
            Span<float> to = all.AsSpan(row * _shape.Elements, _shape.Elements);
            if (_views[row].IsIdentity) from.CopyTo(to);
            else if (layout == ImageLayout.Nhwc) Draw(_views[row], from, to, _shape.Channels);
            else for (int c = 0; c < _shape.Channels; c++) Draw(_views[row], from.Slice(c * _shape.Pixels, _shape.Pixels), to.Slice(c * _shape.Pixels, _shape.Pixels), 1);
        }
        return all;
    }

    /// <summary>What belongs to a sample, for each of its views: labels, or any column [n] → [n·v].</summary>
    /// <exception cref="ArgumentException">There are not n of them.</exception>
    public T[] Repeat<T>(ReadOnlySpan<T> perSample)
    {
        Check.Length(perSample.Length, Samples, nameof(perSample), "samples");
        T[] all = new T[Count];
        for (int row = 0; row < all.Length; row++) all[row] = perSample[row / ViewsPerSample];
        return all;
    }

    /// <summary>Targets and weights of the samples, for each of their views.</summary>
    /// <exception cref="ArgumentException">They are of another number of samples.</exception>
    public Targets Repeat(Targets targets)
    {
        ArgumentNullException.ThrowIfNull(targets);
        if (targets.Samples != Samples) throw new ArgumentException($"targets has {targets.Samples} samples; expected {Samples}.", nameof(targets));
        return targets.Taken([.. Enumerable.Range(0, Count).Select(row => row / ViewsPerSample)]);
    }

    /// <summary>The mean over the views of each sample, summed in fp64: [n·v × columns] → [n × columns].</summary>
    /// <param name="outputs">Predictions on all views.</param>
    /// <param name="columns">C.</param>
    /// <exception cref="ArgumentException">The number of elements does not fit.</exception>
    public float[] Mean(ReadOnlySpan<float> outputs, int columns)
    {
        Check.Positive(columns);
        Check.Matrix(outputs.Length, Count, columns, nameof(outputs), "views of all samples × columns");
        float[] mean = new float[(long)Samples * columns];
        for (int i = 0; i < Samples; i++)
        {
            for (int c = 0; c < columns; c++)
            {
                double sum = 0;
                for (int k = 0; k < ViewsPerSample; k++) sum += outputs[(((i * ViewsPerSample) + k) * columns) + c];
                mean[(i * columns) + c] = (float)(sum / ViewsPerSample);
            }
        }
        return mean;
    }

    /// <summary>A picture [height × width × <paramref name="width"/> elements] into one of zeros.</summary>
    private void Draw(ImageView view, ReadOnlySpan<float> from, Span<float> to, int width)
    {
        for (int y = Math.Max(view.Down, 0); y < _shape.Height + Math.Min(view.Down, 0); y++)
        {
            for (int x = Math.Max(view.Right, 0); x < _shape.Width + Math.Min(view.Right, 0); x++)
            {
                int source = view.Mirrored ? _shape.Width - 1 - (x - view.Right) : x - view.Right;
                from.Slice((((y - view.Down) * _shape.Width) + source) * width, width).CopyTo(to[(((y * _shape.Width) + x) * width)..]);
            }
        }
    }

    private int Row(int row) => (uint)row < (uint)Count ? row : throw new ArgumentOutOfRangeException(nameof(row), row, $"row is {row}; expected 0 to {Count - 1}.");
}
