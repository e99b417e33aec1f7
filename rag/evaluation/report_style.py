"""Style and script of the HTML report. Everything is in the page: it opens offline."""

from __future__ import annotations

CSS = """
:root{color-scheme:light dark;--bg:#fbfaf8;--card:#fff;--ink:#1d2127;--dim:#5b6470;--rule:#dcdfe4;
--accent:#1f5fbf;--good:#1b7a43;--bad:#b3261e;--neutral:#6b7280;--cite:#ffe08a;--gold:#1b7a43;
--chip:#eef1f5}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--card:#1c2026;--ink:#e6e8eb;--dim:#9aa4b1;
--rule:#343a43;--accent:#82b1ff;--good:#6fd39a;--bad:#ff8a80;--neutral:#a3adba;--cite:#5c4a12;
--gold:#6fd39a;--chip:#262c34}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,
"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:76rem;margin:0 auto;padding:1.5rem clamp(.9rem,3vw,2rem) 4rem}
h1{font-size:1.6rem;line-height:1.2;margin:.2rem 0 .3rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.4rem 0 .8rem}
h3{font-size:.95rem;margin:0 0 .3rem}
p{margin:.3rem 0}
.dim,figcaption{color:var(--dim);font-size:.875rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.8rem}
.tile,.plot,details.item{background:var(--card);border:1px solid var(--rule);border-radius:.6rem}
.tile{padding:.8rem 1rem}
.tile b{display:block;font-size:1.75rem;line-height:1.25;font-variant-numeric:tabular-nums}
.tile .name{font-size:.875rem}
.range{position:relative;height:.5rem;margin:.35rem 0 .4rem;background:var(--chip);
border-radius:.25rem}
.range i{position:absolute;top:0;bottom:0;background:var(--accent);opacity:.4;min-width:3px}
.range u{position:absolute;top:-2px;bottom:-2px;width:3px;margin-left:-1px;background:var(--accent)}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(20rem,100%),1fr));gap:.8rem}
figure.plot{margin:0;padding:.8rem 1rem}
svg{display:block;width:100%;height:auto;max-width:30rem}
svg text{fill:var(--dim);font-size:11px;font-family:inherit}
svg .label{fill:var(--ink)}
svg .grid{stroke:var(--rule)}
svg .line{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round}
svg .ideal{fill:none;stroke:var(--dim);stroke-dasharray:4 4}
svg .dot{fill:var(--accent);stroke:var(--card);stroke-width:1}
svg .bar{fill:var(--accent)}
svg .whisker{stroke:var(--accent);stroke-width:2;opacity:.45}
svg .mark{stroke:var(--bad);stroke-dasharray:3 3}
svg .marklabel{fill:var(--bad)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;width:100%}
th,td{text-align:right;padding:.28rem .7rem;border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td:first-child,td.text,th.text{text-align:left}
tr.sub td{color:var(--dim)}tr.sub td:first-child{padding-left:1.6rem}
fieldset{border:0;padding:0;margin:0 0 .8rem;display:flex;flex-wrap:wrap;gap:.4rem}
legend{padding:0;margin-bottom:.4rem;font-size:.875rem;color:var(--dim)}
.chip{position:relative}
.chip input{position:absolute;opacity:0;inset:0;margin:0;width:100%;height:100%;cursor:pointer}
.chip span{display:block;padding:.25rem .7rem;border:1px solid var(--rule);border-radius:1rem;
background:var(--chip);font-size:.875rem}
.chip input:checked+span{border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent);
font-weight:600}
.chip input:focus-visible+span,summary:focus-visible,a:focus-visible,input:focus-visible,
.scroll:focus-visible{
outline:3px solid var(--accent);outline-offset:2px}
input[type=search]{font:inherit;color:inherit;background:var(--card);border:1px solid var(--rule);
border-radius:.4rem;padding:.35rem .6rem;width:min(26rem,100%)}
.find{display:flex;flex-wrap:wrap;gap:.4rem .8rem;align-items:center;margin-bottom:.8rem}
details.item{margin:.45rem 0;content-visibility:auto;contain-intrinsic-size:auto 3.2rem}
details.item[hidden]{display:none}
details.item>summary{padding:.55rem 1rem;cursor:pointer;list-style-position:outside;
margin-left:1.6rem;padding-left:.3rem!important;overflow-wrap:anywhere}
.badge{display:inline-block;font-size:.8rem;margin-left:.4rem;font-weight:600}
.good{color:var(--good)}.bad{color:var(--bad)}.neutral{color:var(--neutral)}
.body{padding:.2rem 1rem 1rem;border-top:1px solid var(--rule);overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem .9rem;margin:.6rem 0}
.facts dt{color:var(--dim)}.facts dd{margin:0;min-width:0}
.sides{display:grid;grid-template-columns:1fr 1fr;gap:1rem}
.passage{white-space:pre-wrap;border-left:3px solid var(--rule);padding:.1rem 0 .1rem .7rem;
margin:.35rem 0 .8rem}
mark{color:inherit;background:none}
mark.cite{background:var(--cite);border-radius:.15rem}
mark.gold{text-decoration:underline 2px var(--gold);text-underline-offset:3px}
sup{color:var(--accent);line-height:0}
ol.hits{padding-left:1.6rem;margin:.3rem 0}
@media (max-width:44rem){.sides{grid-template-columns:1fr;gap:.2rem}
.facts{grid-template-columns:1fr}.facts dd{margin-bottom:.35rem}h1{font-size:1.35rem}}
@media print{details.item{content-visibility:visible}}
"""

SCRIPT = """
(function(){
var items=[].slice.call(document.querySelectorAll('details.item'));
var find=document.getElementById('find'),count=document.getElementById('count');
function show(){
 var c=document.querySelector('input[name=outcome]:checked'),o=c?c.value:'all';
 var w=find.value.toLowerCase().trim(),n=0;
 items.forEach(function(e){
  var ok=(o==='all'||e.dataset.outcome===o)&&(!w||e.textContent.toLowerCase().indexOf(w)>=0);
  e.hidden=!ok;if(ok)n++;});
 count.textContent=n+' shown';}
[].forEach.call(document.querySelectorAll('input[name=outcome]'),function(r){
 r.addEventListener('change',show);});
find.addEventListener('input',show);find.form.addEventListener('submit',function(e){e.preventDefault();});show();
})();
"""
