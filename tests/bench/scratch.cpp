#include <chrono>
#include <cstdio>
#include <random>
#include <cstring>
#include <bit>
#include <vector>
#include "engine/buffer.h"
#include "engine/commands.h"
#include "engine/device.h"
#include "shaders/profile.h"
#include "shaders/refine.h"
using namespace engine;
int main(){
  Instance inst(getenv("VAL")!=nullptr,[](std::string_view m){fprintf(stderr,"VAL %.*s\n",(int)m.size(),m.data());});
  for(auto&d:inst.devices()) printf("%s %s sg %u shared64 %d\n",d.name.c_str(),d.driver.c_str(),d.subgroupSize,d.sharedInt64Atomics);
  Device dev(inst, chooseDevice(inst.devices(),""));
  const uint32_t n=16<<20;
  Buffer data(dev,n*4ull,MemoryKind::Device,"data"), prof(dev,shaders::profileWords*4,MemoryKind::Device,"prof");
  std::mt19937 rng(1); std::normal_distribution<float> nd; for(auto&x:data.mappedAs<float>()) x=nd(rng);
  auto run=[&](const char*name,uint32_t wg,uint32_t groups,bool priv){
    KernelVariant v; v.constants={{0,0},{1,wg}};
    auto& k=dev.kernel(name,v);
    uint32_t runs = priv? groups*wg: groups;
    Buffer scratch(dev, priv? runs*4096ull*8:16, MemoryKind::Device,"scratch");
    double best=1e9;
    for(int r=0;r<5;++r){
      {Commands c(dev); c.fill(prof,0); if(r==0) c.fill(scratch,0); dev.wait(c.submit());}
      auto t=std::chrono::steady_clock::now();
      Commands c(dev);
      shaders::ProfilePush p{data.address(),prof.address(),scratch.address(),n,(n/runs+7)/8*8};
      c.dispatch(k, uint64_t(groups)*wg, p, {data}, {prof,scratch});
      dev.wait(c.submit());
      best=std::min(best,std::chrono::duration<double>(std::chrono::steady_clock::now()-t).count());
    }
    static std::vector<uint64_t> ref; if(ref.empty()) {auto m=prof.mappedAs<uint64_t>(); ref.assign(m.begin(),m.end());}
    int bad=0; for(size_t i=0;i<8192;++i) if(ref[i]!=prof.mappedAs<uint64_t>()[i] && bad++<5) printf("  bin %zu ref %lu got %lu\n",i,ref[i],prof.mappedAs<uint64_t>()[i]);
    printf(" wgsize %u bad %d\n",k.workgroupSize(),bad);
    uint64_t total=0; for(size_t i=0;i<4096;++i) total+=prof.mappedAs<uint64_t>()[i];
    printf("%s wg %u groups %u: %.1f ms total %lu ok %d\n",name,wg,groups,best*1e3,total,total==n);
  };
  for(uint32_t wg:{8,32,64}) for(uint32_t g:{16,32}) if(dev.info().sharedInt64Atomics) run("profile_shared64",wg,g,false);
  for(uint32_t g:{4,8,16}) run("profile_private",8,g,true);

  for(uint32_t sh:{20u,10u}) for(uint32_t g:{32u,256u}){
    KernelVariant v; v.constants={{0,0},{1,dev.info().subgroupSize}};
    auto&k=dev.kernel("refine",v); Buffer out(dev,shaders::maxRefined*shaders::refinedWords*4,MemoryKind::Device,"out");
    double best=1e9;
    for(int r=0;r<5;++r){ {Commands c(dev); c.fill(out,0); dev.wait(c.submit());}
      auto t=std::chrono::steady_clock::now();
      Commands c(dev); shaders::RefinePush p{data.address(),out.address(),n,(n/g+7)/8*8,sh,3,{}};
      float clips[]={1.3124f,1.98f,2.48f,2.9f,3.27f,3.6f,3.92f}; for(int i=0;i<8;++i) p.prefixes[i]= i<7? std::bit_cast<uint32_t>(clips[i])>>sh : ~0u;
      c.dispatch(k,uint64_t(g)*dev.info().subgroupSize,p,{data},{out}); dev.wait(c.submit());
      best=std::min(best,std::chrono::duration<double>(std::chrono::steady_clock::now()-t).count()); }
    uint64_t total=0; for(size_t i=0;i<out.mappedAs<uint64_t>().size();i+=2) total+=out.mappedAs<uint64_t>()[i];
    printf("refine shift %u groups %u: %.1f ms hits %lu\n",sh,g,best*1e3,total);
  }

  for(uint32_t sh:{20u,10u}) for(uint32_t g:{4u,8u,16u}){
    KernelVariant v; v.constants={{0,0},{1,dev.info().subgroupSize}}; uint32_t inv=g*dev.info().subgroupSize;
    Buffer scratch(dev,inv*8200ull*8,MemoryKind::Device,"s");
    auto&k=dev.kernel("refine_private",v); Buffer out(dev,shaders::maxRefined*shaders::refinedWords*4,MemoryKind::Device,"out");
    double best=1e9;
    for(int r=0;r<5;++r){ {Commands c(dev); c.fill(out,0); if(!r) c.fill(scratch,0); dev.wait(c.submit());}
      auto t=std::chrono::steady_clock::now();
      Commands c(dev); shaders::RefinePrivatePush p{data.address(),out.address(),scratch.address(),n,(n/inv+7)/8*8,sh,3,{}};
      float clips[]={1.3124f,1.98f,2.48f,2.9f,3.27f,3.6f,3.92f}; for(int i=0;i<8;++i) p.prefixes[i]= i<7? std::bit_cast<uint32_t>(clips[i])>>sh : ~0u;
      c.dispatch(k,inv,p,{data},{out,scratch}); dev.wait(c.submit());
      best=std::min(best,std::chrono::duration<double>(std::chrono::steady_clock::now()-t).count()); }
    uint64_t total=0; for(size_t i=0;i<out.mappedAs<uint64_t>().size();i+=2) total+=out.mappedAs<uint64_t>()[i];
    printf("refine_priv shift %u groups %u: %.1f ms hits %lu\n",sh,g,best*1e3,total);
  }
}
