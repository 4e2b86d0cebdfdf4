using System.Runtime.InteropServices;

namespace GracefulKernels.Native;

/// <summary>Networks with an update.</summary>
internal static unsafe class Models
{
    [UnmanagedCallersOnly(EntryPoint = "gk_model_describe")]
    public static int Describe(nint model, NetworkInfo* info)
    {
        try
        {
            ErrorText.Clear();
            using Use<OpenModel> use = Handles.Use<OpenModel>(model, HandleKind.Model, "model");
            Argument.Given(info, "info");
            LinearizedModel f = use.Target.Model;
            *info = new NetworkInfo(f.Trunk ?? f.Network, f.Network);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_model_predict")]
    public static int Predict(nint model, float* images, long count, float* outputs)
    {
        try
        {
            ErrorText.Clear();
            using Use<OpenModel> use = Handles.Use<OpenModel>(model, HandleKind.Model, "model");
            LinearizedModel f = use.Target.Model;
            foreach (ImageBlock block in Images.Blocks(images, outputs, count, f.Trunk ?? f.Network, f.Network.Outputs))
            {
                f.Predict(block.Images, block.Count).CopyTo(block.Outputs);
            }
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_model_update")]
    public static int Update(nint model, float* update, long parameters)
    {
        try
        {
            ErrorText.Clear();
            using Use<OpenModel> use = Handles.Use<OpenModel>(model, HandleKind.Model, "model");
            ParameterVector d = use.Target.Model.Update;
            if (parameters != d.Layout.Count) throw CallException.Argument($"parameters is {parameters}; expected {d.Layout.Count}, those of the model.");
            _ = Operand.Vector(update, parameters, "update");
            float[] values = d.ToArray();
            values.CopyTo(new Span<float>(update, values.Length));
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_model_save")]
    public static int Save(nint model, byte* folder)
    {
        try
        {
            ErrorText.Clear();
            using Use<OpenModel> use = Handles.Use<OpenModel>(model, HandleKind.Model, "model");
            use.Target.Model.SaveFolder(Argument.Path(folder, "folder"));
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_model_load")]
    public static int Load(nint device, byte* folder, nint* model)
    {
        try
        {
            ErrorText.Clear();
            using Use<ComputeDevice> use = Handles.Use<ComputeDevice>(device, HandleKind.Device, "device");
            Argument.Given(model, "model");
            *model = 0;
            var loaded = new OpenModel(LinearizedModel.LoadFolder(Argument.Path(folder, "folder"), use.Target));
            *model = Handles.Open(HandleKind.Model, loaded, use.Device);
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "gk_model_close")]
    public static int Close(nint model)
    {
        try
        {
            ErrorText.Clear();
            Handles.Close(model, HandleKind.Model, "model");
            return 0;
        }
        catch (Exception e)
        {
            return Failure.Of(e);
        }
    }
}

/// <summary>A model whose update is freed with its handle.</summary>
internal sealed class OpenModel(LinearizedModel model) : IDisposable
{
    public LinearizedModel Model => model;

    public void Dispose() => model.Update.Dispose();
}
