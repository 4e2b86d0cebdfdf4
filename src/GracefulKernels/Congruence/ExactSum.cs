using System.Runtime.CompilerServices;

namespace GracefulKernels;

/// <summary>
/// The exact sum of fp32 numbers, kept as one long integer of units 2⁻¹⁴⁹ (Kulisch's accumulator), rounded to fp64 once, when it is asked for. No order and no grouping
/// changes it, so sums of parts are the sum of the whole, to the bit.
/// </summary>
internal struct ExactSum
{
    /// <summary>Bits of the largest finite number in units of the smallest: 277, and room above them for 2⁴² of them.</summary>
    private const int Count = 10;

    private const int DigitBits = 32, SmallestExponent = -149;

    /// <summary>Each number changes a digit by less than 2³², so a long digit takes this many before its carries must go up.</summary>
    private const int CarryAfter = 1 << 29;

    private DigitArray _digits;
    private int _pending;
    private bool _nan, _positiveInfinity, _negativeInfinity;

    /// <summary>The sum, rounded once to the nearest fp64 number (ties to even); NaN or infinite as IEEE addition would have it.</summary>
    public readonly double Value
    {
        get
        {
            if (_nan || (_positiveInfinity && _negativeInfinity)) return double.NaN;
            if (_positiveInfinity) return double.PositiveInfinity;
            if (_negativeInfinity) return double.NegativeInfinity;
            ExactSum sum = this;
            sum.Carry();
            bool negative = sum._digits[Count - 1] < 0;
            if (negative)
            {
                for (int i = 0; i < Count; i++) sum._digits[i] = -sum._digits[i];
                sum.Carry();
            }
            double magnitude = Round(sum._digits);
            return negative ? -magnitude : magnitude;
        }
    }

    public void Add(ReadOnlySpan<float> values)
    {
        foreach (float value in values) Add(value);
    }

    public void Add(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        int exponent = (int)(bits >> 23) & 0xFF;
        uint mantissa = bits & 0x7FFFFF;
        bool negative = bits >> 31 != 0;
        if (exponent == 0xFF)
        {
            if (mantissa != 0) _nan = true;
            else if (negative) _negativeInfinity = true;
            else _positiveInfinity = true;
            return;
        }
        // Subnormal numbers have the exponent of the smallest normal one and no hidden bit.
        if (exponent == 0) exponent = 1;
        else mantissa |= 0x800000;
        int at = exponent - 1;
        ulong shifted = (ulong)mantissa << (at % DigitBits);
        long low = (long)(shifted & uint.MaxValue), high = (long)(shifted >> DigitBits);
        ref long digit = ref _digits[at / DigitBits];
        digit += negative ? -low : low;
        Unsafe.Add(ref digit, 1) += negative ? -high : high;
        if (++_pending == CarryAfter) Carry();
    }

    /// <summary>Adds what another sum has.</summary>
    public void Add(ExactSum other)
    {
        other.Carry();
        Carry();
        for (int i = 0; i < Count; i++) _digits[i] += other._digits[i];
        _pending = 1;
        _nan |= other._nan;
        _positiveInfinity |= other._positiveInfinity;
        _negativeInfinity |= other._negativeInfinity;
    }

    /// <summary>Brings every digit but the last, which has the sign, into [0, 2³²).</summary>
    private void Carry()
    {
        for (int i = 0; i < Count - 1; i++)
        {
            _digits[i + 1] += _digits[i] >> DigitBits;
            _digits[i] &= uint.MaxValue;
        }
        _pending = 0;
    }

    private static double Round(in DigitArray digits)
    {
        int top = Count - 1;
        while (top > 0 && digits[top] == 0) top--;
        UInt128 leading = 0;
        for (int i = 0; i < 3; i++) leading = (leading << DigitBits) | (top - i >= 0 ? (UInt128)(ulong)digits[top - i] : 0);
        // 62 bits hold fp64's 53 and one that says whether anything follows: what is dropped cannot be taken for a tie.
        int drop = Math.Max(0, 128 - (int)UInt128.LeadingZeroCount(leading) - 62);
        long kept = (long)(leading >> drop);
        bool more = (leading & ((UInt128.One << drop) - 1)) != 0;
        for (int i = 0; i < top - 2 && !more; i++) more = digits[i] != 0;
        if (more) kept |= 1;
        return Math.ScaleB((double)kept, drop + (DigitBits * (top - 2)) + SmallestExponent);
    }

    [InlineArray(Count)]
    private struct DigitArray
    {
        private long _first;
    }
}
