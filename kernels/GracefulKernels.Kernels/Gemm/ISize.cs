namespace GracefulKernels.Kernels;

/// <summary>A number that the JIT compiler sees as a constant: rows, or columns in registers, of a register tile.</summary>
internal interface ISize
{
    static abstract int Value { get; }
}

internal readonly struct Size1 : ISize
{
    public static int Value => 1;
}

internal readonly struct Size2 : ISize
{
    public static int Value => 2;
}

internal readonly struct Size3 : ISize
{
    public static int Value => 3;
}

internal readonly struct Size4 : ISize
{
    public static int Value => 4;
}

internal readonly struct Size5 : ISize
{
    public static int Value => 5;
}

internal readonly struct Size6 : ISize
{
    public static int Value => 6;
}

internal readonly struct Size7 : ISize
{
    public static int Value => 7;
}

internal readonly struct Size8 : ISize
{
    public static int Value => 8;
}

internal readonly struct Size9 : ISize
{
    public static int Value => 9;
}

internal readonly struct Size10 : ISize
{
    public static int Value => 10;
}

internal readonly struct Size11 : ISize
{
    public static int Value => 11;
}

internal readonly struct Size12 : ISize
{
    public static int Value => 12;
}

internal readonly struct Size13 : ISize
{
    public static int Value => 13;
}

internal readonly struct Size14 : ISize
{
    public static int Value => 14;
}

internal readonly struct Size15 : ISize
{
    public static int Value => 15;
}

internal readonly struct Size16 : ISize
{
    public static int Value => 16;
}

internal readonly struct Size17 : ISize
{
    public static int Value => 17;
}

internal readonly struct Size18 : ISize
{
    public static int Value => 18;
}

internal readonly struct Size19 : ISize
{
    public static int Value => 19;
}

internal readonly struct Size20 : ISize
{
    public static int Value => 20;
}

internal readonly struct Size21 : ISize
{
    public static int Value => 21;
}

internal readonly struct Size22 : ISize
{
    public static int Value => 22;
}

internal readonly struct Size23 : ISize
{
    public static int Value => 23;
}

internal readonly struct Size24 : ISize
{
    public static int Value => 24;
}

internal readonly struct Size25 : ISize
{
    public static int Value => 25;
}

internal readonly struct Size26 : ISize
{
    public static int Value => 26;
}

internal readonly struct Size27 : ISize
{
    public static int Value => 27;
}

internal readonly struct Size28 : ISize
{
    public static int Value => 28;
}
