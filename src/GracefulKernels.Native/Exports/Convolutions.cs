using System.Runtime.InteropServices;
using GracefulKernels.Kernels;

namespace GracefulKernels.Native;

/// <summary>Convolutions of NHWC images, their JVP and gradients, and the covariance of their patches.</summary>
internal static unsafe class Convolutions
{
    [UnmanagedCallersOnly(EntryPoint = "gk_convolution_output")]
    public static int OutputSize(ImageShape* shape, long* outHeight, long* outWidth)
    {
        try
        {
            ErrorText.Clear();
            Argument.Given(shape, "shape");
            Argument.Given(outHeight, "out_height");
            Argument.Given(outWidth, "out_width");
            ConvolutionShape s = shape->Checked(outChannels: false);
            *outHeight = s.OutHeight;
            *outWidth = s.OutWidth;
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_convolution_forward")]
    public static int Forward(nint device, ImageShape* shape, float* x, float* w, float* bias, float* y)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            Argument.Given(shape, "shape");
            ConvolutionShape s = shape->Checked();
            Operand ofX = Input(x, s, "x"), ofW = Weights(w, s, "w"), ofBias = Operand.Optional(bias, s.OutChannels, "bias"), ofY = Output(y, s, "y");
            ofY.Apart(ofX);
            ofY.Apart(ofW);
            ofY.Apart(ofBias);
            if (s.Batch == 0) return 0;
            use.Target.Kernels.ConvolutionForward(
                s, ofX.Block<float>(), ofW.Block<float>(), ofY.Block<float>(), new Epilogue { Bias = ofBias.Block<float>() });
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_convolution_jvp")]
    public static int Jvp(nint device, ImageShape* shape, float* x, float* w, float* dx, float* dw, float* dbias, float* dy)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            Argument.Given(shape, "shape");
            ConvolutionShape s = shape->Checked();
            Operand ofX = Input(x, s, "x"), ofW = Weights(w, s, "w"), alongX = Input(dx, s, "dx"), alongW = Weights(dw, s, "dw");
            Operand alongBias = Operand.Optional(dbias, s.OutChannels, "dbias"), ofDy = Output(dy, s, "dy");
            ofDy.Apart(ofX);
            ofDy.Apart(ofW);
            ofDy.Apart(alongX);
            ofDy.Apart(alongW);
            ofDy.Apart(alongBias);
            if (s.Batch == 0) return 0;
            use.Target.Kernels.ConvolutionForwardPair(
                s,
                alongX.Block<float>(),
                ofW.Block<float>(),
                ofX.Block<float>(),
                alongW.Block<float>(),
                ofDy.Block<float>(),
                new Epilogue { Bias = alongBias.Block<float>() });
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_convolution_input_gradient")]
    public static int InputGradient(nint device, ImageShape* shape, float* dy, float* w, float beta, float* dx)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            Argument.Given(shape, "shape");
            ConvolutionShape s = shape->Checked();
            Operand ofDy = Output(dy, s, "dy"), ofW = Weights(w, s, "w"), ofDx = Input(dx, s, "dx");
            ofDx.Apart(ofDy);
            ofDx.Apart(ofW);
            if (s.Batch == 0) return 0;
            use.Target.Kernels.ConvolutionInputGradient(s, ofDy.Block<float>(), ofW.Block<float>(), beta, ofDx.Block<float>());
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_convolution_weight_gradient")]
    public static int WeightGradient(nint device, ImageShape* shape, float* x, float* dy, float beta, float* dw)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            Argument.Given(shape, "shape");
            ConvolutionShape s = shape->Checked();
            Operand ofX = Input(x, s, "x"), ofDy = Output(dy, s, "dy"), ofDw = Weights(dw, s, "dw");
            ofDw.Apart(ofX);
            ofDw.Apart(ofDy);
            use.Target.Kernels.ConvolutionWeightGradient(s, ofX.Block<float>(), ofDy.Block<float>(), beta, ofDw.Block<float>());
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_patch_covariance")]
    public static int PatchCovariance(nint device, ImageShape* shape, float* x, int homogeneous, double* sum)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            Argument.Given(shape, "shape");
            ConvolutionShape s = shape->Checked(outChannels: false);
            long order = s.PatchLength + (homogeneous != 0 ? 1L : 0L);
            if (order > int.MaxValue) throw CallException.Argument($"The order of sum is {order}; expected at most {int.MaxValue}.");
            Operand ofX = Input(x, s, "x"), ofSum = Operand.Matrix(sum, order, order, "sum");
            ofSum.Apart(ofX);
            if (s.Batch == 0) return 0;
            use.Target.Kernels.PatchCovariance(s, ofX.Block<float>(), homogeneous != 0, ofSum.Block<double>());
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    /// <summary>[batch, height, width, in_channels]: pixels as rows, which may be more than 2³¹.</summary>
    private static Operand Input(float* pointer, in ConvolutionShape s, string name)
        => Operand.Matrix(pointer, (long)s.Batch * s.Height * s.Width, s.InChannels, name);

    private static Operand Output(float* pointer, in ConvolutionShape s, string name)
        => Operand.Matrix(pointer, (long)s.Batch * s.Positions, s.OutChannels, name);

    private static Operand Weights(float* pointer, in ConvolutionShape s, string name)
        => Operand.Matrix(pointer, s.OutChannels, s.PatchLength, name);
}
