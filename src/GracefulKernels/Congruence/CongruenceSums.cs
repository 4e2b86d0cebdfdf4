namespace GracefulKernels;

/// <summary>
/// <see cref="CongruenceLoss"/> and the flips over data that comes in blocks of rows, because it is larger than memory or made piece by piece. However the rows are cut into
/// blocks, on any instruction set and any number of threads, loss and counts are the same bits; sums of parts are merged by <see cref="Add(CongruenceSums)"/>.
/// </summary>
/// <remarks>
/// The loss is the sum of each row's fp32 value (<c>L_i</c>, what <see cref="CongruenceLoss"/> gives as <c>perSample</c>), kept exactly and rounded to fp64 once. It
/// differs from the loss of one call on all rows, which adds in fp64 in the order of that call, by that rounding alone (about 1e-7 relative). For the parts of a loss, such as
/// the cross-entropy beside a distance, keep sums of their own with the options of that part. Not for use by several threads at once.
/// </remarks>
public sealed class CongruenceSums
{
    private readonly ClassFlips? _perClass;
    private ExactSum _loss;
    private float[] _values = [];
    private int[] _oldPredictions = [];
    private int[] _newPredictions = [];
    private bool? _withOld;

    /// <summary>Empty sums.</summary>
    /// <param name="classes">C, from 1 to 2²⁴.</param>
    /// <param name="options">What to compute; null for cross-entropy and FD-KL with the paper's weights.</param>
    /// <param name="perClass">Whether flips are counted by the class of the label too; [classes] tables are kept.</param>
    /// <param name="classMap">Where the old model's classes are others, as for <see cref="CongruenceLoss"/>; null where they are the same.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="classes"/> is out of range.</exception>
    /// <exception cref="ArgumentException"><paramref name="classMap"/> is of another number of new classes.</exception>
    public CongruenceSums(int classes, CongruenceOptions? options = null, bool perClass = false, ClassMap? classMap = null)
    {
        Check.Classes(classes);
        if (classMap is not null && classMap.NewClasses != classes)
        {
            throw new ArgumentException($"classMap is of {classMap.NewClasses} new classes; expected {classes} (classes).", nameof(classMap));
        }
        Classes = classes;
        ClassMap = classMap;
        Options = options ?? new CongruenceOptions();
        _perClass = perClass ? new ClassFlips(classes) : null;
    }

    /// <summary>C.</summary>
    public int Classes { get; }

    /// <summary>Old classes and new ones; null where they are the same.</summary>
    public ClassMap? ClassMap { get; }

    /// <summary>What is computed.</summary>
    public CongruenceOptions Options { get; }

    /// <summary>Rows so far, the ignored ones with them.</summary>
    public long Rows { get; private set; }

    /// <summary>Rows that are not ignored.</summary>
    public long ValidRows { get; private set; }

    /// <summary>Of these, rows whose loss is NaN: a NaN among the logits, or a softmax of nothing but −∞.</summary>
    public long UndefinedRows { get; private set; }

    /// <summary>The flips of old → new; all zero without old logits.</summary>
    public FlipCounts Flips { get; private set; }

    /// <summary><c>Σ_i L_i</c>, or over <see cref="ValidRows"/>, as <see cref="CongruenceOptions.Reduction"/> says; without rows 0, or NaN for the mean.</summary>
    public double Loss => Options.Reduction == LossReduction.Mean ? _loss.Value / ValidRows : _loss.Value;

    /// <summary>Adds a block of rows, in one pass over its logits.</summary>
    /// <param name="newLogits">[rows × classes], row-major; rows = <c>labels.Length</c>.</param>
    /// <param name="oldLogits">[rows × classes], or the old classes of the map, row-major; empty in every block or in none.</param>
    /// <param name="labels">[rows], each in [0, classes) or <see cref="CongruenceOptions.IgnoreIndex"/>.</param>
    /// <param name="newPredictions">[rows] argmax of the new logits, −1 for a row with a NaN; or empty.</param>
    /// <param name="oldPredictions">[rows] the same of the old logits; or empty.</param>
    /// <param name="device">Where to compute; null for <see cref="ComputeDevice.Default"/>.</param>
    /// <param name="referenceLogits">[rows × classes] with <see cref="RankBy.Reference"/>; empty otherwise.</param>
    /// <exception cref="ArgumentException">
    /// A length does not fit, old logits are given in some blocks only, or a distance, the flips of each class or the old predictions are asked for without them. Nothing has been added.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range (row and value are named); nothing has been added.</exception>
    public void Add(
        ReadOnlySpan<float> newLogits,
        ReadOnlySpan<float> oldLogits,
        ReadOnlySpan<int> labels,
        Span<int> newPredictions = default,
        Span<int> oldPredictions = default,
        ComputeDevice? device = null,
        ReadOnlySpan<float> referenceLogits = default)
    {
        int rows = labels.Length;
        bool withOld = !oldLogits.IsEmpty;
        if (rows > 0)
        {
            if (_withOld is { } before && before != withOld)
            {
                throw new ArgumentException($"oldLogits is {(withOld ? "given" : "empty")}; the blocks before it had {(before ? "old logits" : "none")}.", nameof(oldLogits));
            }
            if (_perClass is not null && !withOld) throw new ArgumentException("oldLogits is empty; the flips of each class need them.", nameof(oldLogits));
        }
        if (_values.Length < rows) _values = new float[rows];
        Span<float> values = _values.AsSpan(0, rows);
        if (_perClass is not null)
        {
            if (newPredictions.IsEmpty) newPredictions = Held(ref _newPredictions, rows);
            if (oldPredictions.IsEmpty) oldPredictions = Held(ref _oldPredictions, rows);
        }
        CongruenceResult part = CongruenceLoss.Evaluate(
            newLogits, oldLogits, labels, Classes, Options, default, values, newPredictions, oldPredictions, device, referenceLogits, ClassMap);
        if (rows == 0) return;
        _withOld = withOld;
        _loss.Add(values);
        _perClass?.Add(oldPredictions, newPredictions, labels, Options.IgnoreIndex);
        Rows += rows;
        ValidRows += part.ValidRows;
        UndefinedRows += part.UndefinedRows;
        Flips += part.Flips;
    }

    /// <summary>Adds the sums of other rows, which stay as they are; the order in which parts are merged changes no bit.</summary>
    /// <param name="other">Sums of the same classes, class map and options, that count flips by class if these do.</param>
    /// <exception cref="ArgumentException">Classes, class map or options differ, or one counts flips by class, or has old logits, and the other not.</exception>
    public void Add(CongruenceSums other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Classes != Classes) throw new ArgumentException($"other is of {other.Classes} classes; expected {Classes}.", nameof(other));
        if (other.Options != Options) throw new ArgumentException($"other has {other.Options}; expected {Options}.", nameof(other));
        if (!Old(other).SequenceEqual(Old(this))) throw new ArgumentException("other has another class map.", nameof(other));
        if (other._perClass is null != _perClass is null)
        {
            throw new ArgumentException($"other counts flips {(_perClass is null ? "by class" : "in all")}; expected {(_perClass is null ? "in all" : "by class")}.", nameof(other));
        }
        if (other._withOld is { } theirs && _withOld is { } ours && theirs != ours)
        {
            throw new ArgumentException($"other has {(theirs ? "" : "no ")}old logits; expected {(ours ? "them" : "none")}.", nameof(other));
        }
        _withOld ??= other._withOld;
        _loss.Add(other._loss);
        if (other._perClass is not null) _perClass!.Add(other._perClass);
        Rows += other.Rows;
        ValidRows += other.ValidRows;
        UndefinedRows += other.UndefinedRows;
        Flips += other.Flips;
    }

    /// <summary>[classes] The flips of the rows with each label; their sum is <see cref="Flips"/>.</summary>
    /// <exception cref="InvalidOperationException">They were not asked for.</exception>
    public FlipCounts[] FlipsPerClass()
        => _perClass?.ToTables() ?? throw new InvalidOperationException("Flips of each class were not counted; construct the sums with perClass: true.");

    private static ReadOnlySpan<int> Old(CongruenceSums sums) => sums.ClassMap is { IsIdentity: false } map ? map.NewOfOld : [];

    private static Span<int> Held(ref int[] memory, int rows)
    {
        if (memory.Length < rows) memory = new int[rows];
        return memory.AsSpan(0, rows);
    }
}
