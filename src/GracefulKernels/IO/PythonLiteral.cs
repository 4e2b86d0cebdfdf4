namespace GracefulKernels;

/// <summary>
/// Reads the one Python expression that a .npy header may be: a dict literal of strings, booleans and a tuple of integers. Anything else is
/// refused where it stands; nothing is evaluated.
/// </summary>
internal ref struct PythonLiteral(ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _text = text;
    private int _at;

    public readonly int Position => _at;

    public readonly bool AtEnd => _at == _text.Length;

    public void SkipSpace()
    {
        while (_at < _text.Length && _text[_at] is (byte)' ' or (byte)'\n' or (byte)'\t' or (byte)'\r') _at++;
    }

    /// <summary>Skips white space, then takes <paramref name="symbol"/> where it comes next.</summary>
    public bool TryTake(char symbol)
    {
        SkipSpace();
        if (_at >= _text.Length || _text[_at] != symbol) return false;
        _at++;
        return true;
    }

    public readonly bool Next(char symbol)
    {
        PythonLiteral ahead = this;
        return ahead.TryTake(symbol);
    }

    public void Take(char symbol)
    {
        if (!TryTake(symbol)) throw new FormatException($"{Here()} where '{symbol}' belongs");
    }

    /// <summary>A string in single or double quotes, of printable ASCII without escapes.</summary>
    public string TakeString()
    {
        SkipSpace();
        if (_at >= _text.Length || _text[_at] is not ((byte)'\'' or (byte)'"')) throw new FormatException($"{Here()} where a string belongs");
        byte quote = _text[_at++];
        int start = _at;
        while (_at < _text.Length && _text[_at] != quote)
        {
            if (_text[_at] is < 0x20 or > 0x7E or (byte)'\\') throw new FormatException($"{Here()} inside a string");
            _at++;
        }
        if (_at == _text.Length) throw new FormatException("a string without its end");
        return System.Text.Encoding.ASCII.GetString(_text[start.._at++]);
    }

    public bool TakeBoolean()
    {
        SkipSpace();
        foreach (bool value in new[] { false, true })
        {
            ReadOnlySpan<byte> word = value ? "True"u8 : "False"u8;
            if (!_text[_at..].StartsWith(word)) continue;
            _at += word.Length;
            return value;
        }
        throw new FormatException($"{Here()} where True or False belongs");
    }

    /// <summary>A decimal integer; Python 2 wrote a suffix L.</summary>
    public long TakeInteger()
    {
        SkipSpace();
        int start = _at;
        if (_at < _text.Length && _text[_at] == '-') _at++;
        while (_at < _text.Length && _text[_at] is >= (byte)'0' and <= (byte)'9') _at++;
        ReadOnlySpan<byte> digits = _text[start.._at];
        if (digits.Length == 0 || digits is [(byte)'-']) throw new FormatException($"{Here()} where an integer belongs");
        if (!System.Buffers.Text.Utf8Parser.TryParse(digits, out long value, out int used) || used != digits.Length)
        {
            throw new FormatException("an integer of more than 64 bits");
        }
        if (_at < _text.Length && _text[_at] == 'L') _at++;
        return value;
    }

    public readonly string Here() => _at >= _text.Length
        ? "the end of the header"
        : _text[_at] is > 0x20 and < 0x7F ? $"'{(char)_text[_at]}' at byte {_at} of the header" : $"byte 0x{_text[_at]:X2} at {_at} of the header";
}
