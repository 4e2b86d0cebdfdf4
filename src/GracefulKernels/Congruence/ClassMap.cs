namespace GracefulKernels;

/// <summary>
/// Which class of the new model each class of the old one is, for label sets that grew or were numbered anew. Old classes that are gone have no new one; new classes that the old
/// model did not know have no old one. The classes that both have are shared.
/// </summary>
public sealed class ClassMap
{
    private readonly int[] _newOfOld;
    private readonly int[] _oldOfNew;

    /// <summary>States the map by the old classes.</summary>
    /// <param name="newOfOld">[C_old] the new class of each old one, or −1 where it is gone; none twice.</param>
    /// <param name="newClasses">C_new.</param>
    /// <exception cref="ArgumentException">There is no old class, or two have the same new one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A new class is outside [−1, C_new), or C_new is not positive.</exception>
    public ClassMap(ReadOnlySpan<int> newOfOld, int newClasses)
    {
        Check.Classes(newClasses);
        if (newOfOld.IsEmpty) throw new ArgumentException("newOfOld is empty; expected the new class of each old one.", nameof(newOfOld));
        _newOfOld = newOfOld.ToArray();
        _oldOfNew = new int[newClasses];
        Array.Fill(_oldOfNew, -1);
        for (int old = 0; old < _newOfOld.Length; old++)
        {
            int mapped = _newOfOld[old];
            if (mapped == -1) continue;
            if ((uint)mapped >= (uint)newClasses)
            {
                throw new ArgumentOutOfRangeException(nameof(newOfOld), mapped, $"newOfOld[{old}] is {mapped}; expected 0 to {newClasses - 1}, or -1 for a class that is gone.");
            }
            if (_oldOfNew[mapped] >= 0) throw new ArgumentException($"newOfOld[{old}] and newOfOld[{_oldOfNew[mapped]}] are both {mapped}; each new class has at most one old one.", nameof(newOfOld));
            _oldOfNew[mapped] = old;
            Shared++;
        }
    }

    /// <summary>C_old.</summary>
    public int OldClasses => _newOfOld.Length;

    /// <summary>C_new.</summary>
    public int NewClasses => _oldOfNew.Length;

    /// <summary>The number of classes that both have.</summary>
    public int Shared { get; }

    /// <summary>Whether the label sets are the same and numbered alike.</summary>
    public bool IsIdentity => OldClasses == NewClasses && Shared == NewClasses && _newOfOld.Index().All(pair => pair.Index == pair.Item);

    /// <summary>[C_old] the new class of each old one; −1 where it is gone.</summary>
    public ReadOnlySpan<int> NewOfOld => _newOfOld;

    /// <summary>[C_new] the old class of each new one; −1 where the old model did not know it.</summary>
    public ReadOnlySpan<int> OldOfNew => _oldOfNew;

    /// <summary>The map of a label set that grew at its end: the first <paramref name="oldClasses"/> classes are the old ones.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive, or there are more old classes than new ones.</exception>
    public static ClassMap Grown(int oldClasses, int newClasses)
    {
        Check.Classes(oldClasses);
        Check.Classes(newClasses);
        if (oldClasses > newClasses) throw new ArgumentOutOfRangeException(nameof(oldClasses), oldClasses, $"oldClasses is {oldClasses}; expected at most newClasses = {newClasses}.");
        return new ClassMap([.. Enumerable.Range(0, oldClasses)], newClasses);
    }

    /// <summary>The old classes of new labels; <paramref name="ignoreIndex"/> where the old model did not know the class, or the label is that already.</summary>
    /// <param name="labels">[n], each in [0, C_new) or <paramref name="ignoreIndex"/>.</param>
    /// <param name="ignoreIndex">A label that takes its row out.</param>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range; row and value are named.</exception>
    public int[] OldLabels(ReadOnlySpan<int> labels, int ignoreIndex = -100)
    {
        Check.Labels(labels, NewClasses, ignoreIndex);
        int[] old = new int[labels.Length];
        for (int i = 0; i < old.Length; i++)
        {
            int mapped = labels[i] == ignoreIndex ? -1 : _oldOfNew[labels[i]];
            old[i] = mapped < 0 ? ignoreIndex : mapped;
        }
        return old;
    }
}
